//! What the caches over the database promise: a value holds for its generation, and no more is held than allowed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use accordant::cache::Generational;
use accordant::store::{Generation, KnownGeneration};

fn cache(bytes: u64) -> Generational<String, String> {
    Generational::new(bytes, 100, |key, value| key.len() + value.len())
}

#[test]
fn a_value_holds_for_its_generation_only() {
    let cache = cache(1 << 20);
    cache.insert("a".into(), 1, "one".into());
    assert_eq!(cache.get("a", 1).as_deref(), Some("one"));
    assert_eq!(cache.get("a", 2), None);
}

#[test]
fn no_more_is_held_than_allowed() {
    let cache = cache(10_000);
    for i in 0..1000 {
        cache.insert(i.to_string(), 1, "x".repeat(100));
    }
    assert!(cache.reading().bytes <= 10_000, "{:?}", cache.reading());
    assert!(cache.reading().values > 10, "{:?}", cache.reading());
}

#[test]
fn a_heavy_value_is_kept_where_the_cache_is_undivided() {
    let cache: Generational<String, String> = Generational::undivided(10_000, 100, |_, value| value.len());
    cache.insert("heavy".into(), 1, "x".repeat(9_000));
    assert_eq!(cache.get("heavy", 1).map(|value| value.len()), Some(9_000));
}

#[tokio::test]
async fn concurrent_misses_load_once() {
    let (cache, loads) = (cache(1 << 20), AtomicUsize::new(0));
    let load = || async {
        loads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok::<_, ()>("made".to_owned())
    };
    let key = "a".to_owned();
    let asked = (0..8).map(|_| cache.get_or_load(&key, 1, load()));
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.as_deref() == Ok("made")), "{answers:?}");
    assert_eq!(loads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_load_that_fails_is_not_kept_and_the_next_one_loads() {
    let cache = cache(1 << 20);
    let key = "a".to_owned();
    let failed: Result<String, &str> = cache.get_or_load(&key, 1, async { Err("no") }).await;
    assert_eq!(failed, Err("no"));
    let made: Result<String, &str> = cache.get_or_load(&key, 1, async { Ok("yes".to_owned()) }).await;
    assert_eq!(made.as_deref(), Ok("yes"));
}

#[tokio::test]
async fn a_value_of_another_generation_is_made_anew() {
    let cache = cache(1 << 20);
    let key = "a".to_owned();
    cache.insert(key.clone(), 1, "old".into());
    let made: Result<String, ()> = cache.get_or_load(&key, 2, async { Ok("new".to_owned()) }).await;
    assert_eq!(made.as_deref(), Ok("new"));
    assert_eq!(cache.get("a", 2).as_deref(), Some("new"));
}

#[test]
fn counters_of_a_generation_are_those_of_one_moment() {
    let known = KnownGeneration::default();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for count in 1..200_000 {
                known.learn(Generation { content: count, id_bindings: count, settings: count });
            }
            is_done.store(true, Ordering::Relaxed);
        });
        while !is_done.load(Ordering::Relaxed) {
            let Generation { content, id_bindings, settings } = known.get();
            assert_eq!((content, id_bindings), (settings, settings));
        }
    });
    // what is older changes nothing
    known.learn(Generation { content: 7, id_bindings: 7, settings: 7 });
    assert_eq!(known.get(), Generation { content: 199_999, id_bindings: 199_999, settings: 199_999 });
}
