//! What was told goes through here: processes to their lives, what is not meant aside.

use super::Child;
use super::Fate;
use super::HELD_MAX;
use super::Held;
use super::Key;
use super::Lives;
use super::Member;
use super::Pod;
use super::State;
use super::TICKS_REMEMBERED;
use crate::event::Definition;
use crate::event::Event;
use crate::event::Item;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::Tick;
use crate::probe::MadeCgroup;
use crate::targets::path;

impl Lives {
    /// What was told of, without what is not meant, each process with the life it belongs to.
    pub(in crate::pipeline) fn item(&mut self, item: Item, out: &mut Vec<Item>) {
        match item {
            Item::Tick(tick) => self.end_tick(tick, out),
            Item::Event(event) => self.event(event, out),
            item @ (Item::Definition(_) | Item::Incident(_) | Item::Feature(_)) => out.push(item),
        }
    }

    fn event(&mut self, event: Event, out: &mut Vec<Item>) {
        match self.fate(event.process) {
            Fate::Passes => out.push(Item::Event(event)),
            Fate::Drops => *self.dropped.entry(event.kind).or_default() += 1,
            Fate::Waits(key) => self.hold(key, |held| held.items.push(Item::Event(event))),
        }
    }

    /// A process began, in a cgroup below its target's.
    pub(in crate::pipeline) fn process(&mut self, mut process: Process, child: u64, at_ns: i64, out: &mut Vec<Item>) {
        let target = process.target;
        let is_pod = self.pods.contains_key(&target);
        let key = if is_pod { (target, child) } else { (target, 0) };
        if is_pod && child == 0 {
            self.itself(target, out);
            out.extend(self.pods.get(&target).and_then(|pod| pod.itself.as_ref()).map(|itself| {
                process.target = itself.index;
                Item::Definition(Definition::Process(process))
            }));
            return;
        }
        if !is_pod && !self.children.contains_key(&key) {
            out.push(Item::Definition(Definition::Process(process)));
            return;
        }
        let pod = self.pods.get(&target);
        let name = pod.and_then(|pod| pod.told.children.get(&child).cloned());
        let is_new = !self.children.contains_key(&key);
        let one = self.children.entry(key).or_insert_with(|| Child::new(name, None, at_ns));
        one.entered(&process);
        // Of one that is known by its name somebody was asked when it was made.
        if let (State::Unknown(_), Some(pod)) = (&one.state, pod)
            && (is_new || one.name.is_none())
        {
            self.touched.entry(pod.told.kubelet_uid.clone()).or_default().insert(child, one.name.clone());
        }
        let is_init = process.namespace_pid == 1 && process.pid != 1;
        self.processes.insert(process.id, Member { key, pid: process.pid, is_init, left: None });
        // A new program in the process: its life before is over.
        let before = self.present.insert(process.pid, process.id).filter(|before| *before != process.id);
        if let Some(member) = before.and_then(|before| self.processes.get_mut(&before)) {
            member.left = Some(self.tick);
        }
        self.revive(key, out);
        self.decide(key, out);
        match self.children.get_mut(&key).map(|child| &mut child.state) {
            Some(State::Ours(life)) => {
                process.target = life.index;
                out.push(Item::Definition(Definition::Process(process)));
            }
            Some(State::Unknown(_)) => {
                self.hold(key, |held| held.items.push(Item::Definition(Definition::Process(process))));
            }
            Some(State::LeftOut) | None => {}
        }
    }

    /// A process ended, or lives on elsewhere.
    pub(in crate::pipeline) fn left(
        &mut self,
        process: ProcessId,
        at_ns: i64,
        status: Option<u16>,
        out: &mut Vec<Item>,
    ) {
        let Some(member) = self.processes.get_mut(&process) else { return };
        member.left = Some(self.tick);
        let (key, pid, is_init) = (member.key, member.pid, member.is_init);
        if self.present.get(&pid) == Some(&process) {
            self.present.remove(&pid);
        }
        let Some(child) = self.children.get_mut(&key) else { return };
        let Some(code) = child.left(pid, is_init, status) else { return };
        if let State::Ours(target) = &mut child.state
            && let Some(life) = &mut target.life
        {
            life.ended_ns = Some(at_ns);
            life.exit_code = Some(code);
            out.push(Item::Definition(Definition::Target(target.clone())));
        }
    }

    /// A process came into what had ended.
    fn revive(&mut self, key: Key, out: &mut Vec<Item>) {
        if let Some(State::Ours(target)) = self.children.get_mut(&key).map(|child| &mut child.state)
            && let Some(life) = target.life.as_mut().filter(|life| life.ended_ns.is_some())
        {
            life.ended_ns = None;
            life.exit_code = None;
            out.push(Item::Definition(Definition::Target(target.clone())));
        }
    }

    /// A cgroup was made.
    pub(in crate::pipeline) fn made(&mut self, made: &MadeCgroup, out: &mut Vec<Item>) {
        let parent = |pod: &&Pod| pod.told.cgroup.as_ref().is_some_and(|cgroup| cgroup.id == made.parent);
        let pod = self.pods.iter().find(|(_, pod)| !pod.gone && parent(pod));
        match pod {
            Some((target, pod)) => {
                let key = (*target, made.id);
                let touched = self.touched.entry(pod.told.kubelet_uid.clone()).or_default();
                touched.insert(made.id, Some(made.name.clone()));
                let child = Child::new(Some(made.name.clone()), Some(made.at_ns), made.at_ns);
                self.children.insert(key, child);
                self.decide(key, out);
            }
            None => {
                if let Some(uid) = path::uid(&made.name) {
                    self.touched.entry(uid).or_default();
                }
            }
        }
    }

    /// What of a tick is meant.
    pub(super) fn end_tick(&mut self, mut tick: Tick, out: &mut Vec<Item>) {
        for delta in std::mem::take(&mut tick.tallies) {
            match self.fate(delta.key.process) {
                Fate::Passes => tick.tallies.push(delta),
                Fate::Drops => {}
                Fate::Waits(key) => self.hold(key, |held| held.tallies.push(delta)),
            }
        }
        if self.held > HELD_MAX {
            let unknown = |child: &Child| matches!(child.state, State::Unknown(_));
            let keys: Vec<Key> = self.children.iter().filter(|(_, one)| unknown(one)).map(|(key, _)| *key).collect();
            keys.into_iter().for_each(|key| self.give_up(key, out));
        }
        tick.tallies.append(&mut self.released);
        for (kind, sent) in &mut tick.sent {
            if let Some(dropped) = self.dropped.get_mut(kind) {
                let both = (*dropped).min(*sent);
                *sent -= both;
                *dropped -= both;
            }
        }
        tick.sent.retain(|(_, sent)| *sent > 0);
        self.tick += 1;
        self.last_tick_ns = tick.at_ns;
        let before = self.tick.saturating_sub(TICKS_REMEMBERED);
        self.processes.retain(|_, member| member.left.is_none_or(|left| left >= before));
        out.push(Item::Tick(tick));
    }

    fn fate(&self, process: ProcessId) -> Fate {
        let Some(member) = self.processes.get(&process) else { return Fate::Passes };
        match self.children.get(&member.key).map(|child| &child.state) {
            Some(State::Unknown(_)) => Fate::Waits(member.key),
            Some(State::LeftOut) => Fate::Drops,
            Some(State::Ours(_)) | None => Fate::Passes,
        }
    }

    fn hold(&mut self, key: Key, add: impl FnOnce(&mut Held)) {
        if let Some(State::Unknown(held)) = self.children.get_mut(&key).map(|child| &mut child.state) {
            add(held);
            self.held += 1;
        }
    }
}
