//! Where the cluster is and how to be let in: kubeconfig, or the service account of the pod that podtrace runs in.

use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::config::KubeConfigOptions;
use kube::config::Kubeconfig;
use kube::config::KubeconfigError;

use super::AccessError;

/// The variable that is set in every pod of a cluster.
const IN_CLUSTER: &str = "KUBERNETES_SERVICE_HOST";

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// What the user said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The file, instead of `$KUBECONFIG` or `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// The context, instead of the current one.
    pub context: Option<String>,
}

impl Access {
    /// Whether the user named any of it: then it must be right.
    pub fn is_named(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// Reads the configuration.
    pub(super) fn read(&self) -> Result<Config, AccessError> {
        let mut config = self.config()?;
        config.connect_timeout = Some(CONNECT);
        // Who waits is told, instead of being kept waiting by tries.
        config.default_retry = false;
        Ok(config)
    }

    fn config(&self) -> Result<Config, AccessError> {
        let kubeconfig = match &self.kubeconfig {
            Some(path) => Some(Kubeconfig::read_from(path).map_err(AccessError::of_file)?),
            None => usual()?,
        };
        match kubeconfig {
            Some(kubeconfig) => self.of_kubeconfig(kubeconfig),
            None if self.context.is_none() && std::env::var_os(IN_CLUSTER).is_some() => {
                Config::incluster().map_err(AccessError::InCluster)
            }
            None => Err(AccessError::None),
        }
    }

    fn of_kubeconfig(&self, kubeconfig: Kubeconfig) -> Result<Config, AccessError> {
        let contexts: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
        let wanted = self.context.clone().or_else(|| kubeconfig.current_context.clone());
        match wanted {
            None => return Err(AccessError::NoContext { contexts }),
            Some(wanted) if !contexts.contains(&wanted) => {
                return Err(AccessError::UnknownContext { wanted, contexts });
            }
            Some(_) => {}
        }
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        // Nothing in it waits for anything but files.
        let executor = tokio::runtime::Builder::new_current_thread().build().map_err(AccessError::Client)?;
        executor.block_on(Config::from_custom_kubeconfig(kubeconfig, &options)).map_err(AccessError::of_file)
    }
}

/// The kubeconfig of the environment or the home folder; `None` if there is none.
fn usual() -> Result<Option<Kubeconfig>, AccessError> {
    match Kubeconfig::read() {
        Ok(kubeconfig) => Ok(Some(kubeconfig)),
        Err(KubeconfigError::FindPath) => Ok(None),
        // A file that is named in the environment must be there, the one in the home folder need not.
        Err(KubeconfigError::ReadConfig(error, _))
            if error.kind() == std::io::ErrorKind::NotFound && std::env::var_os("KUBECONFIG").is_none() =>
        {
            Ok(None)
        }
        Err(error) => Err(AccessError::of_file(error)),
    }
}
