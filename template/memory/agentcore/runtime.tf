merge(var.runtime.environment_variables, { MEMORY_ID = local.memory_id })
