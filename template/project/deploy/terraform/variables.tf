# `uv run package` writes these values into agent.auto.tfvars.json, from deploy.toml and deploy/policies.

variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "environment" {
  description = "One of [environments] in deploy.toml; null for what stands outside"
  type        = string
  default     = null
}

variable "tags" {
  type = map(string)
}

variable "runtime" {
  description = "The runtime's settings, in the form of awscc_bedrockagentcore_runtime"
  type        = any
}

variable "policies" {
  description = "JSON of the role's policies, by name: execution and trust"
  type        = map(string)
}

variable "dashboard" {
  description = "The dashboard's body; null for none"
  type        = string
  default     = null
}

variable "package" {
  description = "The package: its file and its digest; null where there is an image"
  type        = object({ file = string, digest = string, runtime = string, entry_point = list(string) })
  default     = null
}

variable "image" {
  description = "The image's URI in ECR, in place of a package"
  type        = string
  default     = null
}

variable "role" {
  description = "The ARN of a role of yours, in place of one that is made"
  type        = string
  default     = null
}

variable "permissions_boundary" {
  type    = string
  default = null
}

variable "bucket" {
  description = "A bucket of yours for the package, in place of one that is made"
  type        = string
  default     = null
}

variable "kms_key" {
  type    = string
  default = null
}

variable "log_days" {
  type = number
}

variable "alarm_topic" {
  type    = string
  default = null
}

# These three are [parameters] in deploy.toml.

variable "max_failed_percent" {
  description = "Failed runs in a hundred, of ten or more, that alarm"
  type        = number
  default     = 5
}

variable "max_first_text_ms" {
  description = "Milliseconds to the first text, in the slowest tenth, that alarm"
  type        = number
  default     = 10000
}

variable "max_tokens_a_day" {
  description = "Tokens that alarm; 0 for no such alarm"
  type        = number
  default     = 0
}

variable "prod_version" {
  description = "The version that the endpoint prod serves; null for the newest"
  type        = string
  default     = null
}
