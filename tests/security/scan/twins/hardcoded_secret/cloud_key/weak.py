import boto3

client = boto3.client("s3", aws_access_key_id="AKIAIOSFODNN7QWERTYU", aws_secret_access_key="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")
