terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
    awscc = { # what is of AgentCore: hashicorp/aws lacks platform_version
      source  = "hashicorp/awscc"
      version = ">= 1.106"
    }
  }

  # backend "s3" {} # where you keep the state
}

provider "aws" {
  region = var.region

  default_tags {
    tags = var.tags
  }
}

provider "awscc" {
  region = var.region
}
