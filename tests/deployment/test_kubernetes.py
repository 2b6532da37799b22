"""The manifests: against the schemas of Kubernetes, and for what they promise."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from anthropic_proxy import __version__
from deployment.conftest import Find
from support.running_proxy import ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: pip install pyyaml")

FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION: Mapping[str, Any] = yaml.safe_load(
    (FOLDER / "kustomization.yaml").read_text("utf-8")
)
MANIFESTS: Mapping[str, Any] = {
    name: yaml.safe_load((FOLDER / name).read_text("utf-8"))
    for name in KUSTOMIZATION["resources"]
}
POD: Mapping[str, Any] = MANIFESTS["deployment.yaml"]["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]
ENVIRONMENT: Mapping[str, Any] = {item["name"]: item for item in CONTAINER["env"]}


def test_every_file_belongs_to_the_kustomization() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(MANIFESTS)
    assert KUSTOMIZATION["images"][0]["newTag"] == __version__


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_fits_the_schema_of_kubernetes(program: Find, name: str) -> None:
    validate = program("kubernetes-validate", "pip install kubernetes-validate")
    done = subprocess.run(
        [validate, "--strict", str(FOLDER / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_kustomize_puts_them_together(program: Find) -> None:
    kubectl = program("kubectl", "https://kubernetes.io/docs/tasks/tools/")
    done = subprocess.run(
        [kubectl, "kustomize", str(FOLDER)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    kinds = [item["kind"] for item in yaml.safe_load_all(done.stdout)]
    assert sorted(kinds) == sorted(item["kind"] for item in MANIFESTS.values())


def test_the_pod_keeps_to_the_restricted_standard() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    pod, container = POD["spec"]["securityContext"], CONTAINER["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container["readOnlyRootFilesystem"] is True
    assert all(set(volume) <= {"name", "emptyDir"} for volume in POD["spec"]["volumes"])
    user = (ROOT / "Dockerfile").read_text("utf-8").split("\nUSER ")[1].split()[0]
    assert f"{pod['runAsUser']}:{pod['runAsGroup']}" == user
    assert POD["spec"]["automountServiceAccountToken"] is False


def test_it_knows_an_api_key_and_no_login() -> None:
    assert ENVIRONMENT["ANTHROPIC_PROXY_CREDENTIAL"]["value"] == "api_key"
    secrets = {
        name: item["valueFrom"]["secretKeyRef"]["key"]
        for name, item in ENVIRONMENT.items()
        if "secretKeyRef" in item.get("valueFrom", {})
    }
    assert secrets == {
        "ANTHROPIC_API_KEY": "api-key",
        "ANTHROPIC_PROXY_LOCAL_KEY": "local-key",
    }


def test_the_pod_has_time_to_finish_what_it_began() -> None:
    drain = int(ENVIRONMENT["ANTHROPIC_PROXY_DRAIN"]["value"])
    wait = CONTAINER["lifecycle"]["preStop"]["exec"]["command"][-1]
    waited = int(wait.partition("sleep(")[2].rstrip(")"))
    assert POD["spec"]["terminationGracePeriodSeconds"] > drain + waited


def test_every_probe_asks_for_health() -> None:
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert CONTAINER[probe]["httpGet"] == {"path": "/health", "port": "http"}


def test_service_policy_and_budget_mean_these_pods() -> None:
    labels = POD["metadata"]["labels"]
    service = MANIFESTS["service.yaml"]["spec"]
    policy = MANIFESTS["network-policy.yaml"]["spec"]
    assert service["selector"] == labels
    assert policy["podSelector"]["matchLabels"] == labels
    budget = MANIFESTS["disruption-budget.yaml"]["spec"]
    assert budget["selector"]["matchLabels"] == labels
    (port,) = CONTAINER["ports"]
    assert service["ports"][0]["targetPort"] == port["name"] == "http"
    assert service["ports"][0]["port"] == port["containerPort"]


def test_the_services_names_are_allowed_hosts() -> None:
    name = MANIFESTS["service.yaml"]["metadata"]["name"]
    hosts = ENVIRONMENT["ANTHROPIC_PROXY_ALLOWED_HOSTS"]["value"].split(",")
    assert hosts == [
        name,
        f"{name}.$(NAMESPACE)",
        f"{name}.$(NAMESPACE).svc",
        f"{name}.$(NAMESPACE).svc.cluster.local",
    ]
    order = list(ENVIRONMENT)  # a variable may use those above it
    assert order.index("NAMESPACE") < order.index("ANTHROPIC_PROXY_ALLOWED_HOSTS")


def test_examples_in_comments_name_files_that_are_there() -> None:
    text = (FOLDER / "kustomization.yaml").read_text("utf-8")
    assert "kubectl apply -k deploy/kubernetes" in text
    assert Path(ROOT, "deploy/kubernetes").is_dir()
