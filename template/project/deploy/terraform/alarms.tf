# https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-runtime-metrics.html

locals {
  alarm_actions = var.alarm_topic == null ? null : [var.alarm_topic]
  agentcore_alarms = {
    SystemErrors = { threshold = 1, description = "Errors of AgentCore in calls of the agent ${var.name}" }
    UserErrors   = { threshold = 10, description = "Calls of the agent ${var.name} that failed" }
    Throttles    = { threshold = 1, description = "Calls of the agent ${var.name} that were throttled" }
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
resource "aws_cloudwatch_metric_alarm" "failed_runs" {
  alarm_name          = "${var.name}-FailedRuns"
  alarm_description   = "Runs of the agent ${var.name} fail: the dashboard counts them by code"
  alarm_actions       = local.alarm_actions
  evaluation_periods  = 1
  threshold           = var.max_failed_percent
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "percent"
    expression  = "IF(runs >= 10, 100 * failed / runs, 0)"
    label       = "Failed runs in a hundred"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { runs = "runs", failed = "failedRuns" }

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = var.name
        metric_name = metric_query.value
        period      = 900
        stat        = "Sum"
      }
    }
  }
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

resource "aws_cloudwatch_metric_alarm" "tokens" {
  count = var.max_tokens_a_day == 0 ? 0 : 1

  alarm_name          = "${var.name}-Tokens"
  alarm_description   = "The agent ${var.name} used more tokens in a day than MaxTokensADay"
  alarm_actions       = local.alarm_actions
  evaluation_periods  = 1
  threshold           = var.max_tokens_a_day
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "tokens"
    expression  = "FILL(input, 0) + FILL(output, 0)"
    label       = "Tokens a day"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { input = "inputTokens", output = "outputTokens" }

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = var.name
        metric_name = metric_query.value
        period      = 86400
        stat        = "Sum"
      }
    }
  }
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
    FailedRunsAlarm    = { Arn = aws_cloudwatch_metric_alarm.failed_runs.arn }
    SlowFirstTextAlarm = { Arn = aws_cloudwatch_metric_alarm.slow_first_text.arn }
  })
}
