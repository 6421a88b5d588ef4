from fastapi import APIRouter, Depends

from app.auth import current_user, require_admin
from app.users import remove

router = APIRouter()


@router.delete("/admin/users/{user_id}")
async def delete_user(user_id: int, user=Depends(require_admin)):
    await remove(user_id)
    return {"deleted": user_id}
