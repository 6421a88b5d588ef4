import operator

from fastapi import FastAPI, Request

app = FastAPI()
OPERATORS = {"add": operator.add, "mul": operator.mul}


@app.post("/rules/try")
async def attempt(request: Request):
    rule = await request.json()
    scope = {"price": rule["price"]}
    exec("result = " + rule["expression"], scope)
    return {"result": scope["result"]}
