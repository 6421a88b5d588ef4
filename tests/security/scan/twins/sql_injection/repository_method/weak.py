class Accounts:
    def __init__(self, connection):
        self.connection = connection

    def find(self, email):
        cursor = self.connection.cursor()
        query = "SELECT id FROM accounts WHERE email = '" + email + "'"
        cursor.execute(query)
        return cursor.fetchone()
