//! Who has which address in a cluster: services, endpoints, pods and their nodes.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Pod as ApiPod;
use k8s_openapi::api::core::v1::Service as ApiService;
use k8s_openapi::api::discovery::v1::EndpointSlice as ApiSlice;

use super::convert;
use super::watched::Resource;
use super::watched::Watched;

/// The label that names an endpoint slice's service.
const SERVICE: &str = "kubernetes.io/service-name";

/// Addresses and ports that are taken from one thing. The API allows a slice 1,000 endpoints and 100 ports; a service is
/// limited by its size only.
const TAKEN: usize = 1_000;

/// A service with the addresses it is reached at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its uid.
    pub uid: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its own addresses in the cluster, and those outside that lead to it; none if it is headless.
    pub addresses: BTreeSet<IpAddr>,
    /// Its ports, with what it calls them.
    pub ports: Vec<(u16, Option<String>)>,
}

/// Some endpoints of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The slice's uid.
    pub uid: String,
    /// The service's namespace.
    pub namespace: String,
    /// The service's name.
    pub service: String,
    /// Each address with the name of the pod that has it, where a pod has.
    pub addresses: Vec<(IpAddr, Option<String>)>,
    /// The ports of each.
    pub ports: BTreeSet<u16>,
}

/// A pod with its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodAddress {
    /// Its uid.
    pub uid: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who made it, e.g. `Deployment/web`.
    pub workload: Option<String>,
    /// Its addresses; none if it has ended, or shares its node's.
    pub addresses: BTreeSet<IpAddr>,
    /// The node it runs on.
    pub node: Option<String>,
    /// The node's addresses.
    pub node_addresses: BTreeSet<IpAddr>,
}

/// Those of some texts that are addresses.
fn addresses<'a>(texts: impl IntoIterator<Item = &'a String>) -> BTreeSet<IpAddr> {
    // `None` stands for no address of a headless service.
    texts.into_iter().filter_map(|text| text.parse().ok()).take(TAKEN).collect()
}

fn port(number: i32) -> Option<u16> {
    u16::try_from(number).ok().filter(|port| *port > 0)
}

impl Watched for Service {
    type Api = ApiService;

    const RESOURCE: Resource = Resource { name: "services", group: "", is_got: false };

    fn of(api: &ApiService) -> Self {
        let spec = api.spec.as_ref();
        let balancer = api.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let own = spec.into_iter().flat_map(|spec| spec.cluster_ips.iter().flatten().chain(&spec.cluster_ip));
        let outer = spec.into_iter().flat_map(|spec| spec.external_ips.iter().flatten());
        let ingress = balancer.into_iter().flat_map(|balancer| balancer.ingress.iter().flatten());
        let texts = own.chain(outer).chain(ingress.filter_map(|ingress| ingress.ip.as_ref()));
        let ports = spec.into_iter().flat_map(|spec| spec.ports.iter().flatten());
        Self {
            uid: api.metadata.uid.clone().unwrap_or_default(),
            namespace: api.metadata.namespace.clone().unwrap_or_default(),
            name: api.metadata.name.clone().unwrap_or_default(),
            addresses: addresses(texts),
            ports: ports.filter_map(|one| Some((port(one.port)?, one.name.clone()))).take(TAKEN).collect(),
        }
    }

    fn uid(&self) -> &str {
        &self.uid
    }
}

impl Watched for Endpoints {
    type Api = ApiSlice;

    const RESOURCE: Resource = Resource { name: "endpointslices", group: "discovery.k8s.io", is_got: false };

    fn of(api: &ApiSlice) -> Self {
        let labels = api.metadata.labels.as_ref();
        let named = api.endpoints.iter().flat_map(|endpoint| {
            let of_pod = endpoint.target_ref.as_ref().filter(|of| of.kind.as_deref() == Some("Pod"));
            let pod = of_pod.and_then(|of| of.name.clone());
            endpoint.addresses.iter().map(move |address| (address, pod.clone()))
        });
        let ports = api.ports.iter().flatten().filter_map(|one| port(one.port?));
        Self {
            uid: api.metadata.uid.clone().unwrap_or_default(),
            namespace: api.metadata.namespace.clone().unwrap_or_default(),
            service: labels.and_then(|labels| labels.get(SERVICE)).cloned().unwrap_or_default(),
            addresses: named.filter_map(|(text, pod)| Some((text.parse().ok()?, pod))).take(TAKEN).collect(),
            ports: ports.take(TAKEN).collect(),
        }
    }

    fn uid(&self) -> &str {
        &self.uid
    }
}

impl Watched for PodAddress {
    type Api = ApiPod;

    const RESOURCE: Resource = Resource { name: "pods", group: "", is_got: true };

    fn of(api: &ApiPod) -> Self {
        let spec = api.spec.as_ref();
        let status = api.status.as_ref();
        let shares = spec.and_then(|spec| spec.host_network) == Some(true);
        // What has ended keeps its address in its status, while the address may be somebody else's already.
        let phase = status.and_then(|status| status.phase.as_deref()).unwrap_or_default();
        let has_own = !shares && !matches!(phase, "Succeeded" | "Failed");
        let of_pod = status.into_iter().flat_map(|status| {
            status.pod_ips.iter().flatten().map(|one| &one.ip).chain(&status.pod_ip).filter(|_| has_own)
        });
        let of_node = status
            .into_iter()
            .flat_map(|status| status.host_ips.iter().flatten().map(|one| &one.ip).chain(&status.host_ip));
        Self {
            uid: api.metadata.uid.clone().unwrap_or_default(),
            namespace: api.metadata.namespace.clone().unwrap_or_default(),
            name: api.metadata.name.clone().unwrap_or_default(),
            workload: convert::workload(api).map(|workload| workload.to_string()),
            addresses: addresses(of_pod),
            node: spec.and_then(|spec| spec.node_name.clone()).filter(|node| !node.is_empty()),
            node_addresses: addresses(of_node),
        }
    }

    fn uid(&self) -> &str {
        &self.uid
    }
}
