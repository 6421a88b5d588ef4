class Forbidden(Exception):
    pass


class Owners:
    def admit(self, viewer, owner):
        if viewer != owner:
            raise Forbidden


class Everybody:
    def admit(self, viewer, owner):
        return None
