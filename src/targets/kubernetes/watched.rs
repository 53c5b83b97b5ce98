//! Sorts of things that the API keeps, each with what of it is of use here.

use std::fmt;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Pod as ApiPod;
use serde::de::DeserializeOwned;

use super::convert;
use crate::targets::pod::Pod;

/// A sort of thing that can be listed and watched.
pub trait Watched: Clone + PartialEq + fmt::Debug + Send + 'static {
    /// The thing as the API tells it.
    type Api: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + fmt::Debug
        + Send
        + 'static;

    /// What roles call it, with its group.
    const RESOURCE: Resource;

    /// Takes over what is of use.
    fn of(api: &Self::Api) -> Self;

    /// What tells it from all others, also from a later one of the same name.
    fn uid(&self) -> &str;
}

/// A resource as roles name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its plural.
    pub name: &'static str,
    /// Its group; empty for the core's.
    pub group: &'static str,
    /// Whether single ones are asked for by name, too.
    pub is_got: bool,
}

impl Watched for Pod {
    type Api = ApiPod;

    const RESOURCE: Resource = Resource { name: "pods", group: "", is_got: true };

    fn of(api: &ApiPod) -> Self {
        convert::pod(api)
    }

    fn uid(&self) -> &str {
        &self.uid
    }
}
