import bcrypt


class Hasher:
    rounds = 6

    def make(self, password):
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=self.rounds))
