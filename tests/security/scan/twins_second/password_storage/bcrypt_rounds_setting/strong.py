import bcrypt


class Hasher:
    rounds = 13

    def make(self, password):
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=self.rounds))
