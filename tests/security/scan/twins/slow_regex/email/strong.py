from pydantic import BaseModel, Field


class Contact(BaseModel):
    email: str = Field(max_length=254, pattern=r"^[a-zA-Z0-9_.-]+@(?:[a-zA-Z0-9-]+\.)+[a-z]+$")
