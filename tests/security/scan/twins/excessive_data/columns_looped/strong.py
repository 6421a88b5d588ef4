class Serializable:
    exposed = ()

    def as_dict(self):
        return {column.name: getattr(self, column.name) for column in self.__table__.columns if column.name in self.exposed}
