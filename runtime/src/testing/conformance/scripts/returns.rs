//! Messages that no queue takes.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};
use crate::transport::PublishError;

/// Of many mandatory messages under way, exactly those without a queue are returned, each to its own publish; without
/// `mandatory` such a message is confirmed and dropped.
///
/// # Errors
/// When it goes otherwise.
pub async fn mandatory_return(suite: &Suite) -> Result<History, Failure> {
    const COUNT: usize = 512;
    const EVERY: usize = 8;
    let stage = suite.stage("mandatory_return");
    let played = async {
        let (topic, nowhere) = (stage.topic("topic"), stage.topic("nowhere"));
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 0).await?;
        let unroutable = |number: usize| number % EVERY == EVERY - 1;
        let pending: Vec<_> = (0..COUNT)
            .map(|number| {
                let text = number.to_string();
                let route = if unroutable(number) { &nowhere } else { &topic };
                client.publish(route, &Letter::new(&text).mandatory())
            })
            .collect();
        for (number, publish) in pending.into_iter().enumerate() {
            match (publish.outcome().await?, unroutable(number)) {
                (Ok(_), false) => {}
                (Err(PublishError::Returned { exchange, routing_key, .. }), true)
                    if *exchange == *stage.name("exchange") && *routing_key == *stage.name("nowhere") => {}
                (outcome, _) => return Err(stage.failure(format!("publish {number} ended as {outcome:?}"))),
            }
        }
        stage.note("64 of 512 are returned, the right ones");
        for _ in 0..COUNT - COUNT / EVERY {
            let mut delivery = a.delivery().await?;
            let text = a.text(&mut delivery)?;
            if text.parse().is_ok_and(unroutable) {
                return Err(stage.failure(format!("{text} was returned and is delivered nevertheless")));
            }
            delivery.ack.ack();
        }
        a.has_nothing_more();
        client.publish(&nowhere, &Letter::new("dropped")).confirmed().await?;
        stage.note("without `mandatory` it is confirmed and dropped");
        Ok(())
    };
    let expected = [
        "64 of 512 are returned, the right ones",
        "a has nothing more",
        "without `mandatory` it is confirmed and dropped",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}
