"""A heap of raw frames becomes jobs in the order in which they must be done."""

import pytest

from f2widgets.jobs import jobs_for
from f2widgets.reduction import planned, reduce


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(job):
    return [path.name for path in job.files]


def test_everything_of_a_night_is_done_in_order(example1_lists, here):
    every = [path for some in example1_lists.values() for path in some]
    jobs = jobs_for(dict.fromkeys(every))
    assert [job.makes for job in jobs] == ["dark", "bpm", "flat", ""]
    assert sorted(names(jobs[0])) == sorted(path.name for path in example1_lists["darks_120s"])
    assert len(jobs[1].files) == 17
    assert len(jobs[2].files) == 10
    assert names(jobs[3]) == [path.name for path in example1_lists["science"]]


def test_what_is_there_already_is_not_made_again(example1_lists, here):
    reduce(example1_lists["darks_120s"])
    others = [path for some in example1_lists.values() for path in some]
    jobs = jobs_for(example1_lists["science"], others=others)
    assert [job.makes for job in jobs] == ["bpm", "flat", ""]


def test_what_cannot_be_made_is_left_to_the_plan(example1_lists, here):
    assert [job.makes for job in jobs_for(example1_lists["science"])] == [""]


def test_without_science_or_with_a_recipe_all_is_one_job(example1_lists, here):
    (job,) = jobs_for([*example1_lists["flats"], *example1_lists["darks_2s"]])
    assert (job.recipe, job.makes) == (None, "")
    assert planned(job.files, recipe=job.recipe).recipe.name == "bpm"
    (job,) = jobs_for([*example1_lists["flats"], *example1_lists["darks_2s"][:1], "nothing.fits"])
    assert job.recipe is None
    (job,) = jobs_for(example1_lists["science"], recipe="check_wcs")
    assert (job.recipe, len(job.files)) == ("check_wcs", 9)
