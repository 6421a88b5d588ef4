import gzip
import zlib

from falcon import HTTPPayloadTooLarge

LIMIT = 1_000_000


class Ingest:
    def on_post(self, req, resp):
        body = req.bounded_stream.read(LIMIT)
        unpacked = zlib.decompressobj(31).decompress(body, LIMIT)
        if len(unpacked) >= LIMIT:
            raise HTTPPayloadTooLarge()
        resp.media = {"size": len(unpacked)}
