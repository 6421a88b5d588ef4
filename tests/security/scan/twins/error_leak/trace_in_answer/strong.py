import logging
import traceback

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@app.exception_handler(Exception)
async def failed(request: Request, error: Exception):
    logging.getLogger(__name__).error("failed: %s", traceback.format_exc())
    return JSONResponse({"error": "the server failed"}, status_code=500)
