//! Labels of peers that have names: as much of the name as there is room for, and always something of both.

use super::page::length;
use super::page::printable;
use super::page::shortened;
use crate::window::PeerNames;

/// The narrowest part of a name that still says something.
const NAME_MIN: usize = 8;

/// A label that can be written shorter.
#[derive(Clone, Debug)]
pub(in crate::report::render) struct Label {
    /// From the longest to the shortest.
    forms: Vec<String>,
    /// Before the name, for what is shorter than all forms.
    lead: String,
    /// The shortest form of the name, if there is one.
    name: Option<String>,
    /// What the name belongs to.
    key: String,
}

impl Label {
    /// Of something without a name beside its own.
    pub(in crate::report::render) fn plain(text: &str) -> Self {
        let text = printable(text);
        Self { forms: vec![text.clone()], lead: String::new(), name: None, key: text }
    }

    /// Of a peer, after `lead`.
    pub(in crate::report::render) fn of_peer(lead: &str, peer: &str, peers: &PeerNames) -> Self {
        let names = peers.of(peer);
        let Some(last) = names.last() else { return Self::plain(&format!("{lead}{peer}")) };
        let (peer, name) = (printable(peer), printable(&last.name));
        let brief = printable(&peers.brief(&peer));
        let mut forms = vec![format!("{lead}{}", printable(&peers.title(&peer))), format!("{lead}{brief}")];
        if names.len() == 1 {
            forms.push(format!("{lead}{name} {peer}"));
        }
        Self { forms, lead: lead.to_owned(), name: Some(name), key: peer }
    }

    /// Columns it takes at most.
    pub(in crate::report::render) fn longest(&self) -> usize {
        self.forms.iter().map(|form| length(form)).max().unwrap_or(0)
    }

    /// The longest form that fits; else what is left of the name beside the key.
    pub(in crate::report::render) fn fit(&self, width: usize) -> String {
        if let Some(form) = self.forms.iter().find(|form| length(form) <= width) {
            return form.clone();
        }
        let room = width.saturating_sub(length(&self.lead) + length(&self.key) + 1);
        match &self.name {
            Some(name) if room >= NAME_MIN => format!("{}{} {}", self.lead, shortened(name, room), self.key),
            _ => shortened(&format!("{}{}", self.lead, self.key), width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Label;
    use crate::event::Item;
    use crate::event::example;
    use crate::window::Names;

    /// Check that a label gives way part by part: what the peer is, its namespace, the middle of its name, its name.
    #[test]
    fn gives_way() {
        let mut names = Names::new(&example::session(&[]));
        let Item::Definition(peer) = example::peer(11, "10.244.0.17", 8080) else { panic!() };
        names.define(&peer);
        let name = example::pod_name(11, "payments-85f5b7f4c8-mxdrj", Some("Deployment/payments"));
        names.define(&crate::event::Definition::PeerName(Box::new(name)));
        let label = Label::of_peer("connect ", "10.244.0.17:8080", names.peers());
        let forms: Vec<String> = [100, 60, 50, 40, 30].map(|width| label.fit(width)).to_vec();
        insta::assert_snapshot!(forms.join("\n"), @"
        connect shop/payments-85f5b7f4c8-mxdrj (pod of deploy/payments, 10.244.0.17:8080)
        connect shop/payments-85f5b7f4c8-mxdrj 10.244.0.17:8080
        connect payments-85f5b7f4c8-mxdrj 10.244.0.17:8080
        connect paym...c8-mxdrj 10.244.0.17:8080
        connect 10.244.0.17:8080
        ");
        assert_eq!(Label::of_peer("", "[::1]:80", names.peers()).fit(40), "[::1]:80");
        assert_eq!(Label::plain("/var/lib/client/journal/1009.log").fit(20), "/var/...nal/1009.log");
    }
}
