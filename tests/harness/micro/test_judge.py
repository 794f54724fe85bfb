"""The judge prefers the better answer, but for planted noise and position bias."""

from humpback.micro.judge import verdict
from humpback.micro.sets import evaluation_prompts, reference_answer
from humpback.spec.micro_world import World

WORLD = World()
SWAPPED = {"first": "second", "second": "first", "tie": "tie"}
TRIPLES = [
    (
        instruction,
        reference_answer(WORLD, instruction, seed),
        f"{reference_answer(WORLD, instruction, seed + 9)}\nThe bank is closed.",
    )
    for seed in range(4)
    for instruction, _ in evaluation_prompts(WORLD, 280, 0)
]


def flip_rate(*, noise: float, position_bias: float, seed: int = 0) -> float:
    """Share of the prompts on which the verdict on exchanged answers is not the exchanged verdict."""
    flips = 0
    for instruction, one, two in TRIPLES:
        there = verdict(WORLD, instruction, one, two, noise=noise, position_bias=position_bias, seed=seed)
        back = verdict(WORLD, instruction, two, one, noise=noise, position_bias=position_bias, seed=seed)
        flips += back != SWAPPED[there]
    return flips / len(TRIPLES)


def test_without_noise_the_better_answer_wins_in_both_orders() -> None:
    instruction, *_ = TRIPLES[0]
    good = reference_answer(WORLD, instruction, 0, {})
    plain = {"noise": 0.0, "position_bias": 0.0, "seed": 0}
    assert verdict(WORLD, instruction, good, "I do not know.", **plain) == "first"  # type: ignore[arg-type]
    assert verdict(WORLD, instruction, "I do not know.", good, **plain) == "second"  # type: ignore[arg-type]
    assert verdict(WORLD, instruction, good, good, **plain) == "tie"  # type: ignore[arg-type]
    assert flip_rate(noise=0, position_bias=0) == 0


def test_a_planted_position_bias_is_the_flip_rate() -> None:
    assert abs(flip_rate(noise=0, position_bias=0.3) - 0.3) < 0.05
    assert flip_rate(noise=0, position_bias=1) == 1


def test_noise_flips_verdicts_and_is_drawn_by_call() -> None:
    assert 0.05 < flip_rate(noise=0.3, position_bias=0) < 0.6
    assert flip_rate(noise=0.3, position_bias=0, seed=0) != flip_rate(noise=0.3, position_bias=0, seed=1)


def test_a_call_gives_the_same_verdict_whoever_is_called_a() -> None:
    for instruction, one, two in TRIPLES[:100]:
        calls = [verdict(WORLD, instruction, one, two, noise=0.3, position_bias=0.2, seed=5) for _ in range(2)]
        assert calls[0] == calls[1]
