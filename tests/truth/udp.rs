//! UDP datagrams.

use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::scene::Scene;

/// Check that datagrams and bytes are right in both directions over IPv4 and IPv6, by every call that sends or receives
/// one or several, from connected and unconnected sockets, empty ones included.
#[test]
fn exchange() {
    let scene = Scene::empty();
    let (echo4, echo6) = (peers::echo(V4).to_string(), peers::echo(V6).to_string());
    let traced = scene.trace(&["udp-exchange", "--echo", &echo4, "--echo", &echo6]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("udp.send", "peer").nothing_else("udp.recv", "peer").complete();
    let of_each = 2 * 103 + 7 * 5 + 11;
    compared.equal("datagrams sent", compared.count("udp.send"), 2 * of_each);
    compared.equal("datagrams received", compared.count("udp.recv"), 2 * of_each);
    compared.end();
}

/// Check that datagrams answered by "unreachable" show as refused where the program meets the answer.
#[test]
fn refused() {
    let scene = Scene::empty();
    let (closed4, closed6) = (peers::closed_datagrams(V4), peers::closed_datagrams(V6));
    let traced = scene.trace(&["udp-refused", "--closed", &closed4.1.to_string(), "--closed", &closed6.1.to_string()]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("udp.send", "peer").nothing_else("udp.recv", "peer").complete();
    compared.equal("refused sends", compared.signal("udp.send")["errors"]["ECONNREFUSED"].clone(), 14);
    compared.equal("refused receives", compared.signal("udp.recv")["errors"]["ECONNREFUSED"].clone(), 14);
    compared.end();
}
