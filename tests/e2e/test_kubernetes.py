"""
The manifests as kubectl renders them: each overlay is whole, and says what it must.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"
pytestmark = pytest.mark.outside


def rendered(overlay: str) -> dict[str, dict[str, Any]]:
    """
    What would be applied, by kind.
    """
    program = shutil.which("kubectl")
    assert program, "kubectl is missing: install it as https://kubernetes.io/docs/tasks/tools/ says"
    command = [program, "kustomize", str(KUBERNETES / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {made["kind"]: made for made in yaml.safe_load_all(done.stdout)}


@pytest.mark.parametrize("overlay", ["base", "production"])
def test_everything_is_there_and_belongs_together(overlay: str) -> None:
    made = rendered(overlay)
    assert set(made) == {
        "Namespace", "ConfigMap", "Deployment", "Service",
        "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy",
    }  # fmt: skip
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert made["Service"]["spec"]["selector"] == labels
    assert made["PodDisruptionBudget"]["spec"]["selector"] == {"matchLabels": labels}
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"][0]["configMapRef"]["name"] == made["ConfigMap"]["metadata"]["name"]
    assert made["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == made["Deployment"]["metadata"]["name"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8080, "metrics": 9180}


def test_what_a_site_sets_is_set() -> None:
    made = rendered("production")
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("registry.example/ratedip:")
    assert made["ConfigMap"]["data"]["RATEDIP_FLEET_WORKERS"] == "24"
    assert made["ConfigMap"]["data"]["RATEDIP_WORKERS"] == "2"
    assert made["NetworkPolicy"]["spec"]["egress"][1]["to"] == [{"ipBlock": {"cidr": "10.0.1.0/24"}}]
