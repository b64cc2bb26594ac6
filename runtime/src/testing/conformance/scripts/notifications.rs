//! Notifications and listener pools.

use crate::testing::conformance::{Failure, History, Suite};

/// Notifications wait in a queue that the notifier makes, one for each priority, until a listener comes.
///
/// # Errors
/// When it goes otherwise.
pub async fn notifications_wait(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("notifications_wait");
    let played = async {
        let (info, error) = (stage.notification("info", None), stage.notification("error", None));
        let (notifier, listener) = (stage.peer().await?, stage.peer().await?);
        notifier.send(&info, ["1 info", "2 info"]).await?;
        notifier.send(&error, ["3 error"]).await?;
        let mut a = listener.listen("a", std::slice::from_ref(&info), 0).await?;
        a.takes().await?.ack.ack();
        a.takes().await?.ack.ack();
        a.has_nothing_more();
        let mut b = listener.listen("b", std::slice::from_ref(&error), 0).await?;
        b.takes().await?.ack.ack();
        Ok(())
    };
    let expected = ["a gets 1 info", "a gets 2 info", "a has nothing more", "b gets 3 error"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// The listeners of a pool share a copy of every notification, one share each, however many priorities they take; those
/// without a pool share another.
///
/// # Errors
/// When it goes otherwise.
pub async fn listener_pools(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("listener_pools");
    let played = async {
        let (info, pool) = (stage.notification("info", None), stage.notification("info", Some("pool")));
        let (notifier, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&info), 0).await?;
        let both = [pool.clone(), stage.notification("error", Some("pool"))];
        let mut b = one.listen("b of the pool", &both, 0).await?;
        let mut c = two.listen("c of the pool", std::slice::from_ref(&pool), 0).await?;
        notifier.send(&info, ["1", "2"]).await?;
        a.takes().await?.ack.ack();
        a.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        c.takes().await?.ack.ack();
        b.has_nothing_more();
        c.has_nothing_more();
        Ok(())
    };
    let expected = [
        "a gets 1",
        "a gets 2",
        "b of the pool gets 1",
        "c of the pool gets 2",
        "b of the pool has nothing more",
        "c of the pool has nothing more",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}
