"""What the walk from raw frames to the stack says of a stack."""

from f2widgets.quality import quality_table
from f2widgets.teaching.exercise import exercise_named


def test_noise_of_a_stack_is_that_of_its_quality_table(reduced, example1_folder):
    verdict = exercise_named("01.stack").judge(None, reduced, example1_folder)
    assert verdict.right, verdict.text
    assert abs(verdict.measured["noise"] / quality_table(reduced.path).meta["noise"] - 1) < 0.01
