from motor.motor_asyncio import AsyncIOMotorClient
from starlette.responses import JSONResponse

database = AsyncIOMotorClient().shop


async def adults(request):
    age = request.query_params["age"]
    found = await database.people.count_documents({"age": {"$gte": int(age)}})
    return JSONResponse({"found": found})
