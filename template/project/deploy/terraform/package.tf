# The package, under its digest, and its bucket: yours if deploy.toml names one.

locals {
  bucket     = var.bucket == null ? one(aws_s3_bucket.packages[*].bucket) : var.bucket
  own_bucket = var.bucket == null && var.image == null ? 1 : 0
}

resource "aws_s3_bucket" "packages" {
  count = local.own_bucket

  bucket_prefix = "${substr(lower(replace(var.name, "_", "-")), 0, 26)}-artifacts-"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "packages" {
  count = local.own_bucket

  bucket                  = aws_s3_bucket.packages[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "packages" {
  count = local.own_bucket

  bucket = aws_s3_bucket.packages[0].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "packages" {
  count = local.own_bucket

  bucket = aws_s3_bucket.packages[0].id

  rule {
    id     = "broken-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "packages" {
  count = local.own_bucket

  bucket = aws_s3_bucket.packages[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OverTlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.packages[0].arn, "${aws_s3_bucket.packages[0].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_object" "package" {
  count = var.image == null ? 1 : 0

  bucket = local.bucket
  key    = "${var.name}/${var.package.digest}.zip"
  source = "${path.module}/../../${var.package.file}"

  override_provider { # an object takes ten tags at most
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.packages]
}
