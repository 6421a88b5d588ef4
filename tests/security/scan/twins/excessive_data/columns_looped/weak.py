class Serializable:
    def as_dict(self):
        return {column.name: getattr(self, column.name) for column in self.__table__.columns}
