from tunewright.curves import Measurement, loss_curves


def test_curves_show_both_losses_and_the_best_step() -> None:
    points = [Measurement(step, 3 / (step + 1), 3 / (step + 1) + 0.2 if step % 5 == 0 else None) for step in range(20)]
    svg = loss_curves(points, 10)
    assert svg.startswith("<svg role=")
    for words in ("training", "held out", "best: 0.473 at step 10"):
        assert words in svg
    assert loss_curves([], 0) == ""


def test_a_curve_takes_the_colours_of_its_page_and_has_words_for_who_cannot_see_it() -> None:
    svg = loss_curves([Measurement(1, 2.0, 2.5), Measurement(2, 1.0, None)], 1)
    assert "currentColor" in svg
    assert "#010203" not in svg
    assert 'role="img" aria-label="Loss curves: training and held-out loss' in svg
    assert svg == loss_curves([Measurement(1, 2.0, 2.5), Measurement(2, 1.0, None)], 1)
