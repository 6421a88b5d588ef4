class Forbidden(Exception):
    pass


class Owners:
    def admit(self, viewer, owner):
        if viewer != owner:
            raise Forbidden


class OwnersAndStaff:
    def admit(self, viewer, owner):
        if viewer != owner and not viewer.staff:
            raise Forbidden
