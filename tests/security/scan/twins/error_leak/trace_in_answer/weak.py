import logging
import traceback

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@app.exception_handler(Exception)
async def failed(request: Request, error: Exception):
    return JSONResponse({"error": traceback.format_exc()}, status_code=500)
