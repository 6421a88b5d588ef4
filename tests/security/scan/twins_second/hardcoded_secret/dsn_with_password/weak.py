import os

from sqlalchemy import create_engine

engine = create_engine("postgresql+psycopg://billing:Tr0ub4dor-3@db.internal:5432/billing")
