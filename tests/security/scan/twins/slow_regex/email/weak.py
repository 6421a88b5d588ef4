from pydantic import BaseModel, Field


class Contact(BaseModel):
    email: str = Field(pattern=r"^([a-zA-Z0-9_.-]+)+@([a-zA-Z0-9-]+\.)+[a-z]+$")
