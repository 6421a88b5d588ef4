import uvicorn

uvicorn.run("app.main:app", proxy_headers=True, forwarded_allow_ips="10.0.0.2")
