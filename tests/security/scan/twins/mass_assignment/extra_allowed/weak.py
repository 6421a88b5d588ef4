from pydantic import BaseModel, ConfigDict


class UserUpdate(BaseModel):
    model_config = ConfigDict(extra="allow")
    bio: str = ""
