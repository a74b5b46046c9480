# https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-runtime-metrics.html

locals {
  alarm_actions = var.alarm_topic == null ? null : [var.alarm_topic]
  agentcore_alarms = {
    SystemErrors = { threshold = 1, description = "Errors of AgentCore in calls of the agent ${var.name}" }
    UserErrors   = { threshold = 10, description = "Calls of the agent ${var.name} that failed" }
    Throttles    = { threshold = 1, description = "Calls of the agent ${var.name} that were throttled" }
  }
  sum_alarms = {
    FailedRuns = {
      description = "Runs of the agent ${var.name} fail: the dashboard counts them by code"
      threshold   = var.max_failed_percent
      period      = 900
      id          = "percent"
      expression  = "IF(runs >= 10, 100 * failed / runs, 0)"
      label       = "Failed runs in a hundred"
      metrics     = { runs = "runs", failed = "failedRuns" }
    }
    Tokens = { # none with a threshold of 0
      description = "The agent ${var.name} used more tokens in a day than MaxTokensADay"
      threshold   = var.max_tokens_a_day
      period      = 86400
      id          = "tokens"
      expression  = "FILL(input, 0) + FILL(output, 0)"
      label       = "Tokens a day"
      metrics     = { input = "inputTokens", output = "outputTokens" }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "agentcore" {
  for_each = local.agentcore_alarms

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = each.value.description
  alarm_actions     = local.alarm_actions
  namespace         = "AWS/Bedrock-AgentCore"
  metric_name       = each.key
  dimensions = {
    Operation = "InvokeAgentRuntime"
    Name      = "${var.name}::prod"
    Resource  = awscc_bedrockagentcore_runtime.agent.agent_runtime_arn
  }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
}

# The agent's own metrics: `log_run` in src/ writes them into its log, and CloudWatch reads them from there.
resource "aws_cloudwatch_metric_alarm" "sums" {
  for_each = { for name, alarm in local.sum_alarms : name => alarm if name != "Tokens" || alarm.threshold > 0 }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  alarm_actions       = local.alarm_actions
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = each.value.id
    expression  = each.value.expression
    label       = each.value.label
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = var.name
        metric_name = metric_query.value
        period      = each.value.period
        stat        = "Sum"
      }
    }
  }
}

moved { # 0.7 had a resource for each
  from = aws_cloudwatch_metric_alarm.failed_runs
  to   = aws_cloudwatch_metric_alarm.sums["FailedRuns"]
}

moved {
  from = aws_cloudwatch_metric_alarm.tokens[0]
  to   = aws_cloudwatch_metric_alarm.sums["Tokens"]
}

resource "aws_cloudwatch_metric_alarm" "slow_first_text" {
  alarm_name                            = "${var.name}-SlowFirstText"
  alarm_description                     = "Callers of the agent ${var.name} wait long for the first text"
  alarm_actions                         = local.alarm_actions
  namespace                             = var.name
  metric_name                           = "firstTextMs"
  extended_statistic                    = "p90"
  evaluate_low_sample_count_percentiles = "ignore"
  period                                = 900
  evaluation_periods                    = 1
  threshold                             = var.max_first_text_ms
  comparison_operator                   = "GreaterThanThreshold"
  treat_missing_data                    = "notBreaching"
}

# deploy/stack-dashboard.yaml, with what it calls by CloudFormation's names.
resource "aws_cloudwatch_dashboard" "agent" {
  count = var.dashboard == null ? 0 : 1

  dashboard_name = "${var.name}-${var.region}"
  dashboard_body = templatestring(var.dashboard, {
    Name = var.name
    Runtime = {
      AgentRuntimeArn = awscc_bedrockagentcore_runtime.agent.agent_runtime_arn
      AgentRuntimeId  = awscc_bedrockagentcore_runtime.agent.agent_runtime_id
    }
    SystemErrorsAlarm  = { Arn = aws_cloudwatch_metric_alarm.agentcore["SystemErrors"].arn }
    UserErrorsAlarm    = { Arn = aws_cloudwatch_metric_alarm.agentcore["UserErrors"].arn }
    ThrottlesAlarm     = { Arn = aws_cloudwatch_metric_alarm.agentcore["Throttles"].arn }
    FailedRunsAlarm    = { Arn = aws_cloudwatch_metric_alarm.sums["FailedRuns"].arn }
    SlowFirstTextAlarm = { Arn = aws_cloudwatch_metric_alarm.slow_first_text.arn }
  })
}
