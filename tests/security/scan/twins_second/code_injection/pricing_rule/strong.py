import operator

from fastapi import FastAPI, Request

app = FastAPI()
OPERATORS = {"add": operator.add, "mul": operator.mul}


@app.post("/rules/try")
async def attempt(request: Request):
    rule = await request.json()
    chosen = OPERATORS[rule["operation"]]
    return {"result": chosen(float(rule["price"]), float(rule["by"]))}
