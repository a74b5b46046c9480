# Where conversations are kept: an AgentCore Memory of its own, unless deploy.toml names one (`memory`).

variable "memory_id" {
  type    = string
  default = null
}

locals {
  memory_id = var.memory_id == null ? awscc_bedrockagentcore_memory.agent[0].memory_id : var.memory_id
}

resource "awscc_bedrockagentcore_memory" "agent" {
  count = var.memory_id == null ? 1 : 0

  name                  = var.name
  description           = "Conversations of the agent ${var.name}"
  event_expiry_duration = 90 # days
  encryption_key_arn    = var.kms_key

  tags = var.tags
}
