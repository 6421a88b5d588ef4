import gzip
import zlib

from falcon import HTTPPayloadTooLarge

LIMIT = 1_000_000


class Ingest:
    def on_post(self, req, resp):
        body = req.bounded_stream.read(LIMIT)
        resp.media = {"size": len(gzip.decompress(body))}
