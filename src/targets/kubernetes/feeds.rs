//! A thread that watches several sorts of things by one client: a connection and a way in for all of them.

use std::fmt;
use std::thread::JoinHandle;

use kube::Client;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::Access;
use super::AccessError;
use super::Change;
use super::Query;
use super::Verb;
use super::error::Asked;
use super::watch::Follower;
use super::watched::Watched;

/// Watches on one cluster. Dropping it ends them and waits until they have ended: whoever takes what they tell must not
/// be keeping them waiting then.
pub struct Feeds {
    client: Client,
    handle: Handle,
    server: String,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Feeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of the credentials.
        f.debug_struct("Feeds").field("server", &self.server).finish_non_exhaustive()
    }
}

/// One watch. Dropping it ends it, without waiting.
#[derive(Debug)]
pub struct Feed(AbortHandle);

impl Feeds {
    /// Reads where the cluster is and how to be let in; asks nothing yet.
    ///
    /// # Errors
    /// There is no such configuration, it is wrong, or no thread can be started.
    pub fn connect(access: &Access) -> Result<Self, AccessError> {
        let config = access.read()?;
        let server = super::server(&config);
        Self::start(config, server)
    }

    pub(super) fn start(config: kube::Config, server: String) -> Result<Self, AccessError> {
        let executor =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AccessError::Client)?;
        let entered = executor.enter();
        let client = Client::try_from(config).map_err(AccessError::of_client)?;
        drop(entered);
        let handle = executor.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        // The sender's end is as good as its word.
        let body = move || drop(executor.block_on(ended));
        let thread =
            std::thread::Builder::new().name("podtrace-watch".into()).spawn(body).map_err(AccessError::Client)?;
        Ok(Self { client, handle, server, end: Some(end), thread: Some(thread) })
    }

    /// Watches the things a query selects, from now on, at most `limit` of them: each change is handed to `tell`, until
    /// that says false or the feed is dropped. `tell` may wait; then nothing more is read, also of the others.
    pub fn add<T: Watched>(
        &self,
        query: &Query,
        limit: usize,
        tell: impl FnMut(Change<T>) -> bool + Send + 'static,
    ) -> Feed {
        let asked = Asked {
            verb: Verb::Watch,
            resource: T::RESOURCE,
            namespace: query.namespace.clone(),
            server: self.server.clone(),
        };
        let follower = Follower::new(asked, limit, tell);
        Feed(self.handle.spawn(follower.run(self.client.clone(), query.clone())).abort_handle())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Feeds {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
