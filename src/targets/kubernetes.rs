//! The Kubernetes API: which pods there are, what becomes of them, and who else has an address.
//!
//! Calls are made from plain threads, each with an end. Only reads. That a cluster cannot be asked is no reason not to
//! trace: [`super::pods`] goes on with what this machine knows.

mod access;
mod convert;
mod error;
mod feeds;
mod happening;
mod network;
mod watch;
mod watched;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Pod as ApiPod;
use kube::Api;
use kube::Client;
use kube::api::ListParams;

pub use access::Access;
pub use error::AccessError;
pub use error::KubernetesError;
pub use error::Verb;
pub use feeds::Feed;
pub use feeds::Feeds;
pub use happening::PodEvent;
pub use network::Endpoints;
pub use network::PodAddress;
pub use network::Service;
pub use watch::Change;
pub use watch::Watch;
pub use watched::Resource;
pub use watched::Watched;

use super::pod::Pod;
use crate::profile::InNamespace;
use crate::profile::PodSelector;
use crate::profile::Subject;
use error::Asked;

/// How long a call may take. A list of a large namespace takes seconds; whoever waits longer wants to know.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pods per answer of a list, as `kubectl` asks for.
const PAGE: u32 = 500;

/// A cluster that can be asked.
pub struct Cluster {
    executor: tokio::runtime::Runtime,
    client: Client,
    config: kube::Config,
    /// The namespace of the context.
    pub namespace: String,
    /// Where its API is, for messages.
    pub server: String,
    patience: Duration,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of the credentials.
        f.debug_struct("Cluster")
            .field("server", &self.server)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Where an API is, for messages.
fn server(config: &kube::Config) -> String {
    config.cluster_url.to_string().trim_end_matches('/').to_owned()
}

/// Which things the API is asked for: what it can select by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// In this namespace; all, if none.
    pub namespace: Option<String>,
    /// Of this name.
    pub name: Option<String>,
    /// On this node.
    pub node: Option<String>,
    /// With these labels.
    pub labels: Option<String>,
    /// With these further fields, as the API takes them: `involvedObject.kind=Pod`.
    pub fields: Option<String>,
}

impl Cluster {
    /// Reads where the cluster is and how to be let in; asks nothing yet.
    ///
    /// # Errors
    /// There is no such configuration, or it is wrong.
    pub fn connect(access: &Access) -> Result<Self, AccessError> {
        let config = access.read()?;
        let executor =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AccessError::Client)?;
        let entered = executor.enter();
        let client = Client::try_from(config.clone()).map_err(AccessError::of_client)?;
        drop(entered);
        Ok(Self {
            namespace: config.default_namespace.clone(),
            server: server(&config),
            executor,
            client,
            config,
            patience: PATIENCE,
        })
    }

    /// With another patience than the usual.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The pods a query selects. One that is named in a namespace is got, others are listed.
    ///
    /// # Errors
    /// The API cannot be reached, or refuses.
    pub fn pods(&self, query: &Query) -> Result<Vec<Pod>, KubernetesError> {
        let api: Api<ApiPod> = query.api(&self.client);
        match (&query.namespace, &query.name) {
            (Some(_), Some(name)) => {
                let asked = self.asked::<Pod>(Verb::Get, query);
                let pod = self.wait(&asked, api.get_opt(name))?;
                Ok(pod.map(|pod| convert::pod(&pod)).filter(|pod| query.fits(pod)).into_iter().collect())
            }
            _ => self.list(&api, query),
        }
    }

    /// A watch of the pods a query selects, from now on; see [`Watch`].
    ///
    /// # Errors
    /// No thread can be started.
    pub fn watch(&self, query: &Query) -> Result<Watch, AccessError> {
        Ok(Watch::start(self.feeds()?, query))
    }

    /// A thread for further watches; see [`Feeds`].
    ///
    /// # Errors
    /// No thread can be started, or the way in cannot be found again.
    pub fn feeds(&self) -> Result<Feeds, AccessError> {
        Feeds::start(self.config.clone(), self.server.clone())
    }

    fn list(&self, api: &Api<ApiPod>, query: &Query) -> Result<Vec<Pod>, KubernetesError> {
        let asked = self.asked::<Pod>(Verb::List, query);
        let mut parameters = query.list();
        let mut pods = Vec::new();
        loop {
            let page = self.wait(&asked, api.list(&parameters))?;
            pods.extend(page.items.iter().map(convert::pod));
            parameters.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if parameters.continue_token.is_none() {
                return Ok(pods);
            }
        }
    }

    fn wait<T>(&self, asked: &Asked, call: impl Future<Output = kube::Result<T>>) -> Result<T, KubernetesError> {
        let answer = self.executor.block_on(async { tokio::time::timeout(self.patience, call).await });
        match answer {
            Ok(answer) => answer.map_err(|error| KubernetesError::of(error, asked)),
            Err(_) => Err(KubernetesError::Slow { server: self.server.clone(), seconds: self.patience.as_secs_f64() }),
        }
    }

    fn asked<T: Watched>(&self, verb: Verb, query: &Query) -> Asked {
        Asked { verb, resource: T::RESOURCE, namespace: query.namespace.clone(), server: self.server.clone() }
    }
}

impl Query {
    /// What of a selector the API can select by; the rest is looked at afterwards. `default` is the namespace where it
    /// says none.
    pub fn of(selector: &PodSelector, default: &str) -> Self {
        let namespace = match &selector.namespace {
            InNamespace::Default => Some(default.to_owned()),
            InNamespace::Named(name) => Some(name.clone()),
            InNamespace::All => None,
        };
        let mut query = Self { namespace, ..Self::default() };
        match &selector.subject {
            // A uid is no field that can be selected by.
            Subject::Pod(name) => {
                query.name = name.exact().filter(|name| !super::selector::is_uid(name)).map(str::to_owned);
            }
            Subject::Labels(labels) => query.labels = Some(labels.to_string()),
            Subject::Node(node) => query.node = Some(node.clone()),
            Subject::Workload(..) | Subject::All => {}
        }
        query
    }

    /// The query that selects at least what both select.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let both = |one: Option<String>, other: Option<String>| one.filter(|one| Some(one) == other.as_ref());
        Self {
            namespace: both(self.namespace, other.namespace),
            name: both(self.name, other.name),
            node: both(self.node, other.node),
            labels: both(self.labels, other.labels),
            fields: both(self.fields, other.fields),
        }
    }

    fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        }
    }

    fn list(&self) -> ListParams {
        ListParams {
            field_selector: self.field_selector(),
            label_selector: self.labels.clone(),
            limit: Some(PAGE),
            ..ListParams::default()
        }
    }

    fn field_selector(&self) -> Option<String> {
        let name = self.name.iter().map(|name| format!("metadata.name={name}"));
        let node = self.node.iter().map(|node| format!("spec.nodeName={node}"));
        let fields: Vec<String> = name.chain(node).chain(self.fields.clone()).collect();
        (!fields.is_empty()).then(|| fields.join(","))
    }

    /// What a pod that was got by its name must be beside.
    fn fits(&self, pod: &Pod) -> bool {
        self.node.as_ref().is_none_or(|node| pod.node.as_ref() == Some(node))
    }
}

#[cfg(test)]
mod tests;
