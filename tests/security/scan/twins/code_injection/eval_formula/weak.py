import ast

from fastapi import APIRouter

router = APIRouter()


@router.post("/calculate")
def calculate(formula: str):
    return {"result": eval(formula)}
