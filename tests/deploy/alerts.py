"""Every alert fires on what it is about, and none on a server where all is well: promtool plays the series.

usage: alerts.py PROMTOOL
"""
import pathlib
import sys
import tempfile

import yaml
from common import DEPLOY, output

PROMTOOL = sys.argv[1]
RULES = DEPLOY / "prometheus/rules.yml"
DAY = 86_400

# What a replica gives where all is well: (series, values from minute to minute). Times are those of promtool, which begins in 1970.
WELL = {
    "up": "1x90",
    'accordant_requests_total{route="/subjects", status="200"}': "0+60x90",
    'accordant_requests_total{route="/subjects", status="500"}': "0x90",
    'accordant_request_seconds_bucket{route="/subjects", le="0.5"}': "0+60x90",
    'accordant_request_seconds_bucket{route="/subjects", le="5"}': "0+60x90",
    'accordant_request_seconds_bucket{route="/subjects", le="+Inf"}': "0+60x90",
    'accordant_commit_seconds_bucket{le="0.05"}': "0+60x90",
    'accordant_commit_seconds_bucket{le="5"}': "0+60x90",
    'accordant_commit_seconds_bucket{le="+Inf"}': "0+60x90",
    "accordant_follower_lag_seconds": "1x90",
    "accordant_database_log_bytes": "4096x90",
    "accordant_connections": "100x90",
    "accordant_log_lines_dropped_total": "0x90",
    "accordant_database_available": "1x90",
    "accordant_outage_reads_total": "0x90",
    'accordant_database_connections{state="idle"}': "3x90",
    'accordant_database_connections{state="open"}': "14x90",
    'accordant_judging_refused_total{reason="overloaded"}': "0x90",
    'accordant_judging_refused_total{reason="exhausted"}': "0x90",
    'accordant_requests_limited_total{setting="rate-limit-writes"}': "0x90",
    "accordant_tls_certificate_expires": f"{60 * DAY}x90",
    "accordant_tls_crl_expires": f"{60 * DAY}x90",
    "accordant_tls_stale": "0x90",
    "accordant_access_stale": "0x90",
    'accordant_oidc_key_fetches_total{issuer="https://i", outcome="fetched"}': "0+1x90",
    'accordant_oidc_key_fetches_total{issuer="https://i", outcome="failed"}': "0x90",
    'accordant_logins_refused_total{reason="wrong"}': "0+6x90",
    'accordant_logins_refused_total{reason="busy"}': "0x90",
    'accordant_logins_refused_total{reason="no_keys"}': "0x90",
    'accordant_audit_refusals_total{outcome="lost"}': "0x90",
    "accordant_exporter_failures_total": "0x90",
}

# What is otherwise when an alert fires; None: the series is not there.
ILL = {
    "AccordantDown": {"up": "0x90"},
    "AccordantAbsent": {"up": None},
    "AccordantServerErrors": {'accordant_requests_total{route="/subjects", status="500"}': "0+2x90"},
    "AccordantSlow": {'accordant_request_seconds_bucket{route="/subjects", le="0.5"}': "0+50x90"},
    "AccordantConnectionsNearCap": {"accordant_connections": "4000x90"},
    "AccordantLogLinesDropped": {"accordant_log_lines_dropped_total": "0+1x90"},
    "AccordantDatabaseUnavailable": {"accordant_database_available": "0x90"},
    "AccordantAnsweringFromMemory": {"accordant_outage_reads_total": "0+5x90"},
    "AccordantCommitsSlow": {'accordant_commit_seconds_bucket{le="0.05"}': "0x90"},
    "AccordantFollowerBehind": {"accordant_follower_lag_seconds": "60x90"},
    "AccordantLogOfDatabaseGrows": {"accordant_database_log_bytes": "2e9x90"},
    "AccordantDatabaseConnectionsBusy": {'accordant_database_connections{state="idle"}': "0x90"},
    "AccordantOverloaded": {'accordant_judging_refused_total{reason="overloaded"}': "0+1x90"},
    "AccordantExpensiveSchemas": {'accordant_judging_refused_total{reason="exhausted"}': "0+1x90"},
    "AccordantClientsLimited": {'accordant_requests_limited_total{setting="rate-limit-writes"}': "0+1x90"},
    "AccordantCertificateExpires": {"accordant_tls_certificate_expires": f"{10 * DAY}x90"},
    "AccordantCertificateExpiresSoon": {"accordant_tls_certificate_expires": f"{DAY}x90"},
    "AccordantRevocationListExpires": {"accordant_tls_crl_expires": "600x90"},
    "AccordantTlsStale": {"accordant_tls_stale": "1x90"},
    "AccordantAccessStale": {"accordant_access_stale": "1x90"},
    "AccordantIssuerKeysFailing": {
        'accordant_oidc_key_fetches_total{issuer="https://i", outcome="fetched"}': "5x90",
        'accordant_oidc_key_fetches_total{issuer="https://i", outcome="failed"}': "0+1x90",
    },
    "AccordantLoginsRefused": {'accordant_logins_refused_total{reason="wrong"}': "0+90x90"},
    "AccordantLoginsNotVerified": {'accordant_logins_refused_total{reason="busy"}': "0+1x90"},
    "AccordantAuditLost": {'accordant_audit_refusals_total{outcome="lost"}': "0+1x90"},
    "AccordantExporterFailing": {"accordant_exporter_failures_total": "0+1x90"},
}


def labelled(series):
    name, _, labels = series.partition("{")
    own = 'job="accordant", instance="registry-1:9090"'
    return f"{name}{{{own}}}" if not labels else f"{name}{{{own}, {labels}"


def case(otherwise, firing):
    series = [{"series": labelled(name), "values": values} for name, values in (WELL | otherwise).items() if values]
    count = lambda expression, value: {
        "expr": f"count({expression})", "eval_time": "85m", "exp_samples": [{"labels": "{}", "value": value}] if value else []
    }
    tests = [count('ALERTS{alertstate="firing"}', 0)] if not firing else [count(f'ALERTS{{alertname="{firing}", alertstate="firing"}}', 1)]
    return {"interval": "1m", "input_series": series, "promql_expr_test": tests}


alerts = [rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "alert" in rule]
assert sorted(ILL) == sorted(alerts), set(alerts) ^ set(ILL)
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "alerts.yml"
    cases = [case({}, None), *[case(otherwise, name) for name, otherwise in ILL.items()]]
    path.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}))
    output([PROMTOOL, "test", "rules", path])
output([PROMTOOL, "check", "config", "--syntax-only", DEPLOY / "prometheus/prometheus.yml"])
print(f"{len(alerts)} alerts fire when they should, and none where all is well")
