//! Which cgroup is which life of which container, as soon as it can be told.

use super::Held;
use super::Key;
use super::LIVES_MAX;
use super::Lives;
use super::State;
use crate::event::Definition;
use crate::event::Item;
use crate::event::session::Target;
use crate::probe::Assignment;
use crate::probe::LEFT_OUT;
use crate::probe::Membership;
use crate::targets::pod::Ended;
use crate::targets::pods::ContainerTarget;

/// What a container is called of whose cgroup not even the name is known.
fn number(key: Key) -> String {
    format!("cgroup-{}", key.1)
}

impl Lives {
    /// Takes what is still not known for a container, or leaves it out where only certain ones are meant.
    pub(super) fn give_up(&mut self, key: Key, out: &mut Vec<Item>) {
        if !self.narrowed {
            self.adopt_unnamed(key, out);
            return;
        }
        let pod = self.pods.get(&key.0).map_or_else(String::new, |pod| pod.told.pod.clone());
        self.remarks.insert(format!(
            "a container of pod `{pod}` was left out, because nobody told its name, and only certain ones are meant"
        ));
        self.leave_out(key);
    }

    /// Decides what a child is, as far as it can be told by now.
    pub(super) fn decide(&mut self, key: Key, out: &mut Vec<Item>) {
        let (Some(child), Some(pod)) = (self.children.get(&key), self.pods.get(&key.0)) else { return };
        let id = child.container_id();
        let is_left_out = id.as_ref().is_some_and(|id| pod.told.left_out.contains(id)) || child.is_monitor();
        let mut containers = pod.told.containers.iter();
        let container = containers.find(|container| id.is_some() && container.id == id).cloned();
        match (&child.state, is_left_out, container) {
            (State::Unknown(_), true, _) => self.leave_out(key),
            (State::Ours(target), true, _) => {
                let late = format!("`{}` was counted until it was known that it is not meant", target.name);
                self.remarks.insert(late);
                self.leave_out(key);
            }
            (State::LeftOut, true, _) | (State::LeftOut, _, None) => {}
            (State::LeftOut, false, Some(container)) => {
                self.remarks.insert(format!(
                    "container `{}` of pod `{}` was left out until it was known that it is meant",
                    container.name, pod.told.pod
                ));
                self.take_back(key);
                self.adopt(key, key.0, &container, out);
            }
            (_, false, Some(container)) => self.adopt(key, key.0, &container, out),
            // Its name tells more, and is about to be looked up.
            (State::Unknown(_), false, None) if !self.narrowed && child.name.is_some() => match child.is_pause() {
                Some(true) => self.leave_out(key),
                Some(false) => self.adopt_unnamed(key, out),
                None => {}
            },
            (State::Ours(target), false, None) if child.name.is_some() && target.container == Some(number(key)) => {
                self.adopt_unnamed(key, out);
            }
            _ => {}
        }
    }

    /// Takes a child for a container of which nobody knows the name yet.
    fn adopt_unnamed(&mut self, key: Key, out: &mut Vec<Item>) {
        let Some(child) = self.children.get(&key) else { return };
        let id = child.container_id();
        let name = match (child.short_id(), &child.name) {
            (Some(short), _) => short,
            (None, Some(name)) => name.clone(),
            (None, None) => number(key),
        };
        self.name_life(key, key.0, &name, id, None, out);
    }

    pub(super) fn adopt(&mut self, key: Key, pod: u16, container: &ContainerTarget, out: &mut Vec<Item>) {
        self.name_life(key, pod, &container.name, container.id.clone(), container.restarts, out);
    }

    /// Makes a child a container of a pod, or tells more about one.
    fn name_life(
        &mut self,
        key: Key,
        pod: u16,
        name: &str,
        id: Option<String>,
        restarts: Option<u32>,
        out: &mut Vec<Item>,
    ) {
        let known = match self.children.get(&key).map(|child| &child.state) {
            Some(State::Ours(target)) => Some(target.clone()),
            Some(State::Unknown(_)) => None,
            Some(State::LeftOut) | None => return,
        };
        let same = |target: &Target| {
            let life = target.life.as_ref();
            target.container.as_deref() == Some(name)
                && life.is_some_and(|life| life.restarts.is_some() || restarts.is_none())
        };
        if known.as_deref().is_some_and(same) {
            return;
        }
        let index = match &known {
            Some(target) => {
                self.naming.free(&target.name);
                target.index
            }
            None => match self.life_index(key) {
                Some(index) => index,
                None => return self.count_under_pod(key, pod, out),
            },
        };
        let Some(told) = self.pods.get(&pod).map(|pod| &pod.told) else { return };
        let label = self.naming.life(told, name, restarts);
        let mut life = known.and_then(|target| target.life).unwrap_or_default();
        let Some(child) = self.children.get_mut(&key) else { return };
        life.container_id = id.or(life.container_id);
        life.restarts = restarts;
        life.began_ns = child.began_ns;
        let target = Target { name: label, life: Some(life), ..told.target(index, Some(name)) };
        self.settle(key, target, out);
    }

    /// A child is what this target says: what was held back passes.
    fn settle(&mut self, key: Key, target: Target, out: &mut Vec<Item>) {
        let Some(child) = self.children.get_mut(&key) else { return };
        let index = target.index;
        out.push(Item::Definition(Definition::Target(Box::new(target.clone()))));
        let before = std::mem::replace(&mut child.state, State::Ours(Box::new(target)));
        let State::Unknown(held) = before else { return };
        self.held -= held.items.len() + held.tallies.len();
        self.released.extend(held.tallies);
        for mut item in held.items {
            if let Item::Definition(Definition::Process(process)) = &mut item {
                process.target = index;
            }
            out.push(item);
        }
    }

    /// A child is none of ours: the kernel leaves it out from now on.
    fn leave_out(&mut self, key: Key) {
        let Some(child) = self.children.get_mut(&key) else { return };
        if let State::Unknown(Held { items, tallies }) = std::mem::replace(&mut child.state, State::LeftOut) {
            self.held -= items.len() + tallies.len();
            for item in items {
                if let Item::Event(event) = item {
                    *self.dropped.entry(event.kind).or_default() += 1;
                }
            }
        }
        let pod = self.pods.get(&key.0).and_then(|pod| pod.told.cgroup.as_ref());
        if let Some(cgroup) = pod {
            let membership = Membership::Cgroup { id: key.1, level: cgroup.level + 1 };
            self.orders.push(Assignment { target: LEFT_OUT, membership, from_exec: true });
        }
    }

    /// A child that was left out is meant after all.
    fn take_back(&mut self, key: Key) {
        if let Some(child) = self.children.get_mut(&key) {
            child.state = State::Unknown(Held::default());
            self.releases.push(key.1);
        }
    }

    /// Counts a life under its pod: too many are told apart already.
    fn count_under_pod(&mut self, key: Key, pod: u16, out: &mut Vec<Item>) {
        self.remarks.insert(format!(
            "more than {LIVES_MAX} lives of containers: those that began later are counted under their pods"
        ));
        self.itself(pod, out);
        let itself = self.pods.get(&pod).and_then(|pod| pod.itself.clone());
        if let Some(itself) = itself {
            self.settle(key, *itself, out);
        }
    }

    /// How a life ended, in the cluster's words.
    pub(super) fn learn_end(&mut self, ended: &Ended, out: &mut Vec<Item>) {
        let lives = self.children.values_mut().filter_map(|child| match &mut child.state {
            State::Ours(target) => Some(target),
            State::Unknown(_) | State::LeftOut => None,
        });
        for target in lives {
            let Some(life) = target.life.as_mut().filter(|life| life.container_id.as_ref() == Some(&ended.id)) else {
                continue;
            };
            if life.exit_code != Some(ended.exit_code) || (ended.reason.is_some() && life.reason != ended.reason) {
                life.exit_code = Some(ended.exit_code);
                life.reason.clone_from(&ended.reason);
                out.push(Item::Definition(Definition::Target(target.clone())));
            }
        }
    }

    /// Makes a pod itself a target, for what is in none of its containers.
    pub(super) fn itself(&mut self, target: u16, out: &mut Vec<Item>) {
        let Some(pod) = self.pods.get_mut(&target) else { return };
        if pod.itself.is_none() {
            let itself = Box::new(Target { name: self.naming.pod(&pod.told), ..pod.told.target(target, None) });
            out.push(Item::Definition(Definition::Target(itself.clone())));
            pod.itself = Some(itself);
        }
    }

    /// The key of a container whose cgroup does not lie in its pod's: a target of the kernel's on its own.
    pub(super) fn apart(&mut self, id: u64, level: u32) -> Option<Key> {
        if let Some(target) = self.apart.get(&id) {
            return Some((*target, 0));
        }
        let target = self.index()?;
        self.apart.insert(id, target);
        self.orders.push(Assignment { target, membership: Membership::Cgroup { id, level }, from_exec: true });
        Some((target, 0))
    }

    /// A new target's index.
    pub(super) fn index(&mut self) -> Option<u16> {
        let index = u16::try_from(self.next).ok().filter(|index| *index != LEFT_OUT);
        match index {
            Some(_) => self.next += 1,
            None => drop(self.remarks.insert("more than 65,535 targets: those that came later are missed".into())),
        }
        index
    }

    fn life_index(&mut self, key: Key) -> Option<u16> {
        if self.lives >= LIVES_MAX {
            return None;
        }
        self.lives += 1;
        if self.pods.contains_key(&key.0) { self.index() } else { Some(key.0) }
    }
}
