"""Amazon Bedrock AgentCore on loopback, control plane and data plane: Runtime, Memory, Identity, a gateway.

It is driven by botocore's own service models: requests are routed, parsed and validated by them (with the maxima,
patterns and enumerations that botocore's client leaves unchecked), and its answers are held to the output shapes. S3,
IAM, STS and CloudWatch Logs are whatever AWS-shaped server it is given (`tests.emulators.aws` starts moto).

An uploaded package really runs: it is downloaded, checked (size, modes, architecture, entry point) and started as one
process per session that sees the standard library and what the zip holds, nothing else. The answer is proxied as it
comes. Where this machine is not arm64, its own builds of the compiled distributions are put beside the package's.

    with agentcore(aws_endpoint) as emulator:
        boto3.client("bedrock-agentcore-control", endpoint_url=emulator.url)

or `python -m tests.emulators.agentcore` for both on fixed ports.

What the real service is NOT known to do, and is guessed here:

* which checks answer Create and Update with an error, and which end in CREATE_FAILED or UPDATE_FAILED (here: role
  and object are checked at once; size, modes, architecture and entry point end in a failure);
* whether Update resets an optional field that it omits (here it does: callers send the whole configuration);
* what becomes of running sessions after an update (here they live on with the version they started with);
* deleting a runtime that still has endpoints of its own, or a version that one serves (here: ConflictException);
* when exactly an endpoint's log group is made (here: before it serves; that the service makes one is known);
* the wording of messages, other than the ones quoted in public bug reports;
* the process's environment (here: region, the role's credentials from STS as variables where the service has a
  metadata endpoint, the configured variables, and no more), and whether its architecture is checked before it runs.

What it is as awkward about as the service: DEFAULT serves a new version a little after the version is READY; a session
that says `Healthy` (or nothing) on `/ping` for the idle time is ended, in mid-answer too, and one that says
`HealthyBusy` is not; frames of a WebSocket are 32 KB at most; on platform version 2 every session is a copy of one
process that was
started for its version. The copy is a fork where the agent would begin to listen: what it holds in memory then,
random's state among it, is the same in every session. What it would do from then to its first `/ping` (an ASGI
lifespan) is in the service's snapshot too, but done in every session here.

What it does not do: verify the SigV4 signature of a header (only its credential scope; that of a presigned address, and
of requests to the gateway, is verified), enforce IAM policies or quotas, run container images, VPC networking, MCP and
A2A negotiation, warm-up hooks, file systems other than session storage (a folder; variables name it).
"""

from .server import Emulator, Settings, agentcore

__all__ = ["Emulator", "Settings", "agentcore"]
