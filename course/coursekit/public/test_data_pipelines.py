"""Public checks of lecture 2: data pipelines."""

from contextlib import contextmanager, suppress
from itertools import islice

import numpy as np

from coursekit import exercise, expect, expect_unchanged
from coursekit.expectations import Mismatch, described, same
from coursekit.streams import Source, Steps
from coursekit.student import Raised, StudentError

LINE = np.array([[1.0, 4.0], [5.0, 0.0], [2.0, 1.0], [4.0, 3.0]])
"""The worked example: mean (3, 2); along (1, −1)/√2 the variance is 4, along (1, 1)/√2 it is 1."""

ANYTHING = (None, 0, "", False, np.arange(2.0), np.arange(2.0), None)


def signed(rows, right):
    """Return rows with the signs of the right ones."""
    return rows * np.where(np.sum(rows * right, axis=1, keepdims=True) < 0, -1.0, 1.0)


# --- arrays ---------------------------------------------------------------------------------------------------------------


@exercise("center")
class TestCenter:
    def test_by_hand(self, student):
        """The worked example: the means of the columns are 2 and 30."""
        centred, mean = expect(student.center(np.array([[1.0, 20.0], [3.0, 10.0], [2.0, 60.0]])), "what center returns").items(
            "centred", "mean"
        )
        expect(centred, "centred").close_to(np.array([[-1.0, -10.0], [1.0, -20.0], [0.0, 30.0]]))
        expect(mean, "mean").close_to(np.array([2.0, 30.0]))

    def test_images(self, student, rng):
        """Each pixel of each channel has a mean of its own: of images with shape (4, 3, 2, 5) the mean has shape (3, 2, 5)."""
        images = rng.normal(rng.normal(size=(3, 2, 5)), 1, (4, 3, 2, 5))
        centred, mean = expect(student.center(images), "what center returns").items("centred", "mean")
        expect(mean, "mean").shaped((3, 2, 5))
        expect(np.sum(expect(centred, "centred").shaped(images.shape).answer, axis=0), "the sum of each pixel").close_to(
            np.zeros((3, 2, 5)), rtol=1e-5
        )

    def test_argument_stays(self, student, rng):
        """X is as it was after the call."""
        expect(expect_unchanged(student.center, rng.normal(size=(4, 2))), "what center returns").items("centred", "mean")


@exercise("channel_mean")
class TestChannelMean:
    def test_by_hand(self, student):
        """The worked example: two images of 1×2 pixels and two channels."""
        images = np.array([[[[1.0, 2.0]], [[10.0, 30.0]]], [[[3.0, 6.0]], [[20.0, 20.0]]]])
        expect(student.channel_mean(images)).close_to(np.array([3.0, 20.0]))

    def test_shape(self, student):
        """One number for each of five channels, each of them the channel's own."""
        images = np.broadcast_to(np.arange(5.0)[:, None, None], (2, 5, 3, 4)).copy()
        expect(student.channel_mean(images)).close_to(np.arange(5.0))

    def test_argument_stays(self, student, rng):
        """The images are as they were after the call."""
        expect(expect_unchanged(student.channel_mean, rng.normal(size=(2, 3, 4, 4)))).shaped((3,))


@exercise("standardize")
class TestStandardize:
    def both(self, student, *arguments, **options):
        return expect(student.standardize(*arguments, **options), "what standardize returns").items("X_train", "X_test")

    def test_by_hand(self, student):
        """The worked example: means 2 and 20, deviations 1 and 10, and a test set that has others."""
        train, test = self.both(student, np.array([[1.0, 30.0], [3.0, 10.0]]), np.array([[4.0, 20.0], [6.0, 50.0], [2.0, 30.0]]))
        expect(train, "X_train").close_to(np.array([[-1.0, 1.0], [1.0, -1.0]]))
        expect(test, "X_test").close_to(np.array([[2.0, 0.0], [4.0, 3.0], [0.0, 1.0]]))

    def test_eps_by_hand(self, student):
        """With deviation 2 and eps = 3 the distance from the mean is divided by 2 + 3; with deviation 1e-8, the default eps doubles it."""
        train, test = self.both(student, np.array([[1.0], [5.0]]), np.array([[13.0]]), eps=3.0)
        expect(train, "X_train").close_to(np.array([[-0.4], [0.4]]))
        expect(test, "X_test").close_to(np.array([[2.0]]))
        expect(self.both(student, np.array([[-1e-8], [1e-8]]), np.array([[0.0]]))[0], "X_train").close_to(np.array([[-0.5], [0.5]]))

    def test_constant(self, student):
        """A feature that never varies comes out as 0."""
        expect(self.both(student, np.full((3, 1), 7.0), np.array([[7.0]]))[0], "X_train").close_to(np.zeros((3, 1)))

    def test_arguments_stay(self, student, rng):
        """Both sets are as they were after the call."""
        answer = expect_unchanged(student.standardize, rng.normal(size=(4, 2)), rng.normal(size=(3, 2)))
        expect(answer, "what standardize returns").items("X_train", "X_test")


@exercise("pca")
class TestPca:
    def test_by_hand(self, student):
        """The worked example: variance 4 along (1, −1)/√2 and 1 along (1, 1)/√2."""
        components, variances = expect(student.pca(LINE, 2), "what pca returns").items("components", "variances")
        right = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
        expect(variances, "variances").close_to(np.array([4.0, 1.0]))
        expect(signed(expect(components, "components").shaped((2, 2)).answer, right), "components (up to their signs)").close_to(right)

    def test_first_alone(self, student):
        """With k = 1 there is one row and one variance: those of the largest."""
        X = np.column_stack([LINE, np.array([9.0, -9.0, 9.0, -9.0])])
        components, variances = expect(student.pca(X, 1), "what pca returns").items("components", "variances")
        components = expect(components, "components").shaped((1, 3)).answer
        expect(np.linalg.norm(components), "the length of the component").close_to(1.0)
        expect(variances, "variances").shaped((1,))
        expect(np.var(X @ components[0]), "the variance along the component").close_to(float(np.ravel(variances)[0]))
        expect(np.ravel(variances)[0], "the largest variance").close_to(float(np.linalg.norm(np.cov(X.T, bias=True), 2)))

    def test_argument_stays(self, student, rng):
        """X is as it was after the call."""
        expect(expect_unchanged(student.pca, rng.normal(size=(6, 3)), 2), "what pca returns").items("components", "variances")


@exercise("whiten")
class TestWhiten:
    def test_by_hand(self, student):
        """The worked example: with ε = 0 the projections are divided by 2 and by 1."""
        right = np.array([[-1.0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])[:, :2] * np.sqrt(2)
        right[:, 1] = np.array([0.0, 0.0, -1.0, 1.0]) * np.sqrt(2)
        found = expect(student.whiten(LINE, 0.0), "the whitened data").shaped((4, 2)).answer
        expect(signed(found.T, right.T).T, "the whitened data (up to the columns' signs)").close_to(right)

    def test_eps_by_hand(self, student):
        """With ε = 5 they are divided by √(4 + 5) and √(1 + 5); and the default is 1e-5, inside the root."""
        for eps, X, variances in (((5.0,), LINE, (4 / 9, 1 / 6)), ((), LINE / 1e3, (4e-6 / 1.4e-5, 1e-6 / 1.1e-5))):
            found = expect(student.whiten(X, *eps), "the whitened data").shaped((4, 2)).answer
            expect(np.var(found, axis=0), f"the variances with ε = {eps[0] if eps else 1e-5:g}").close_to(np.array(variances))

    def test_covariance(self, student, rng):
        """The columns have mean 0, variance 1 and no covariance, the first one belongs to the largest variance."""
        X = rng.normal(size=(50, 3)) @ np.array([[9.0, 0, 0], [2, 2, 0], [1, 1, 0.3]]) + 7.0
        found = expect(student.whiten(X), "the whitened data").shaped((50, 3)).answer
        expect(np.mean(found, axis=0), "the means").close_to(np.zeros(3), rtol=1e-5)
        expect(np.cov(found.T, bias=True), "the covariance matrix").close_to(np.eye(3), rtol=1e-2)
        expect(abs(np.cov(found[:, 0], X[:, 0], bias=True)[0, 1]) > 5, "the first column goes along with the widest feature").equals(True)

    def test_few_examples(self, student):
        """Two examples with three features have one direction of variance: the other columns are 0."""
        found = expect(student.whiten(np.array([[1.0, 2.0, 2.0], [3.0, 6.0, 6.0]])), "the whitened data").shaped((2, 3)).answer
        expect(np.abs(found), "the whitened data (absolute values)").close_to(np.array([[1.0, 0, 0], [1, 0, 0]]), rtol=1e-5)

    def test_argument_stays(self, student, rng):
        """X is as it was after the call."""
        expect(expect_unchanged(student.whiten, rng.normal(size=(6, 3)))).shaped((6, 3))


# --- iterators ------------------------------------------------------------------------------------------------------------


def endless():
    """Return a source that has no end, as far as a function may go."""
    return Source(range(1, 301), error=RuntimeError("300 items were taken, though a few would do: take one when it is needed"))


def iterator_of(answer, name="the answer"):
    """Return the items of an answer one by one: it may be a list, too."""
    if not isinstance(answer, (Steps, list, tuple)) and not (isinstance(answer, np.ndarray) and answer.ndim):
        raise Mismatch("type", f"{name} should be a generator (yield the items), but it is {described(answer)}")
    return iter(answer)


def some(answer, count):
    """Return at most the first `count` items of an answer."""
    return list(islice(iterator_of(answer), count))


def equal(wanted, item):
    """Tell whether an item is the wanted one."""
    if isinstance(wanted, list) and isinstance(item, list):
        return len(wanted) == len(item) and all(map(equal, wanted, item))
    return item is None if wanted is None else same(wanted, item)


def expect_items(found, right, name="the answer"):
    """Expect these items and no others."""
    for number, (item, wanted) in enumerate(zip(found, right, strict=False)):
        if not equal(wanted, item):
            raise Mismatch("value", f"item {number} of {name} is {described(item)}, expected {described(wanted)}")
    if len(found) != len(right):
        raise Mismatch("value", f"{name} has {'more than ' if len(found) > len(right) else 'only '}{min(len(found), len(right))} items")


def expect_lazy(answer, source, most):
    """Ask for some items, and expect that before the n-th at most most[n] were taken from the source."""
    items = iterator_of(answer)
    for given, allowed in enumerate(most):
        if given:
            next(items, None)
        if source.taken > allowed:
            when = f"item {given} was yielded" if given else "any was asked for"
            raise Mismatch("value", f"{source.taken} items were taken from the source before {when}; {allowed} are enough")


@exercise("batch")
class TestBatch:
    def test_by_hand(self, student):
        """The worked example: five letters in lists of two."""
        expect_items(some(student.batch(list("abcde"), 2), 5), [["a", "b"], ["c", "d"], ["e"]])
        expect_items(some(student.batch(list("abcde"), 2, drop_remainder=True), 5), [["a", "b"], ["c", "d"]])

    def test_full(self, student):
        """Where all lists are full, nothing is missing and no empty list follows; of no items there is none."""
        for drop in (False, True):
            expect_items(some(student.batch(Source(range(1, 7)), 3, drop), 5), [[1, 2, 3], [4, 5, 6]])
        expect_items(some(student.batch([], 3), 2), [])

    def test_lazy(self, student):
        """A list is yielded as soon as it is full: before another item is taken. The items may never end."""
        source = endless()
        expect_lazy(student.batch(source, 3), source, (0, 3, 6, 9))

    def test_new_lists(self, student):
        """Each list is a new one: in lists of lists, the earlier ones stay as they are."""
        expect_items(some(student.batch(student.batch([1, 2, 3, 4], 2), 2), 2), [[[1, 2], [3, 4]]])

    def test_any_item(self, student):
        """None, 0 or an array is an item as any other."""
        expect_items(some(student.batch(list(ANYTHING), 4), 3), [list(ANYTHING[:4]), list(ANYTHING[4:])])


@exercise("shuffle_buffer")
class TestShuffleBuffer:
    def test_by_hand(self, student):
        """The worked example: with a buffer for two, of 1, 2, 3 first comes 1 or 2, and 3 can come second, but not first."""
        orders = [tuple(some(student.shuffle_buffer([1, 2, 3], 2, np.random.default_rng(seed)), 5)) for seed in range(200)]
        for order in orders:
            expect_items(sorted(order, key=str), [1, 2, 3], "what was yielded, sorted,")
        wanted = {(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1)}
        if strange := set(orders) - wanted:
            raise Mismatch("value", f"the order {min(strange)} is impossible with a buffer for two")
        if missing := wanted - set(orders):
            raise Mismatch("value", f"the order {min(missing)} never came in 200 runs, though it should in every fourth")

    def test_equally_often(self, student, rng):
        """The first item is drawn from the full buffer, each equally often."""
        seeds = rng.integers(1 << 32, size=600)
        first = [some(student.shuffle_buffer(list(range(1, 9)), 3, np.random.default_rng(seed)), 1) for seed in seeds]
        counts = [first.count([place]) for place in (1, 2, 3)]
        if sum(counts) != 600 or max(abs(count - 200) for count in counts) > 64:
            raise Mismatch(
                "value", f"in 600 runs the first item was 1, 2, 3 in {counts} of them; with a buffer for three it should be 200 each"
            )

    def test_buffer(self, student):
        """The n-th item is one of the first n + 2, with a buffer for three; what enters the buffer can be drawn at once."""
        found = some(student.shuffle_buffer(list(range(200)), 3, np.random.default_rng(1)), 190)
        late = [number for number, item in enumerate(found) if item > number + 2]
        new = sum(item == number + 2 for number, item in enumerate(found)) / max(len(found), 1)
        if late or not 0.12 < new < 0.55:
            raise Mismatch(
                "value", f"{len(late)} of 190 items came too early, and {new:.0%} as soon as they could (expected none, and 33%)"
            )

    def test_lazy(self, student):
        """It takes what it needs: n + buffer_size items for n that are yielded. The items may never end."""
        source = endless()
        expect_lazy(student.shuffle_buffer(source, 4, np.random.default_rng(0)), source, (0, 5, 6, 7, 8))
        if source.taken < 7:
            raise Mismatch("value", f"only {source.taken} items were taken for four: the buffer wasn't full")

    def test_small(self, student):
        """With room for one item the order stays; fewer items than places come out all the same."""
        expect_items(some(student.shuffle_buffer([1, 2, 3], 1, np.random.default_rng(0)), 5), [1, 2, 3])
        found = [some(student.shuffle_buffer([1, 2], 9, np.random.default_rng(seed)), 5) for seed in range(40)]
        if (
            sorted(map(str, found)) != sorted(str(one) for one in found if one in ([1, 2], [2, 1]))
            or [1, 2] not in found
            or [2, 1] not in found
        ):
            raise Mismatch(
                "value", f"of 1 and 2 with nine places both orders should come, and nothing else; one run gave {described(found[0])}"
            )

    def test_generator(self, student):
        """All random numbers come from rng."""
        runs = [some(student.shuffle_buffer(list(range(30)), 9, np.random.default_rng(seed)), 31) for seed in (1, 1, 2)]
        if runs[0] != runs[1] or runs[0] == runs[2]:
            raise Mismatch("value", "the same seed should give the same order, and another seed another one")

    def test_any_item(self, student):
        """None, 0 or an array is an item as any other."""
        for seed in range(5):
            found = some(student.shuffle_buffer(list(ANYTHING), 4, np.random.default_rng(seed)), 9)
            expect_items(sorted(map(repr, found)), sorted(map(repr, ANYTHING)), "what was yielded, sorted,")


@exercise("interleave")
class TestInterleave:
    def test_by_hand(self, student):
        """The worked example: with two slots, c takes the slot of b, and has its turn at once."""
        sources = [["a1", "a2", "a3", "a4"], ["b1"], ["c1", "c2"], ["d1", "d2"]]
        right = ["a1", "b1", "a2", "c1", "a3", "c2", "a4", "d1", "d2"]
        expect_items(some(student.interleave(sources, 2), 11), right)
        expect_items(some(student.interleave([Source(source) for source in sources], 2), 11), right)

    def test_slots_without_a_source(self, student):
        """Where a source has ended and none is left, the others go on in turn; there may be more slots than sources."""
        for slots in (3, 7):
            expect_items(some(student.interleave([[11], [21, 22, 23], [31, 32]], slots), 9), [11, 21, 31, 22, 32, 23])

    def test_one_slot(self, student):
        """With one slot, one source comes after the other; empty ones are passed over."""
        expect_items(some(student.interleave([[1, 2], [], [], [3], []], 1), 9), [1, 2, 3])
        expect_items(some(student.interleave([[1, 2, 3], [4], [], [5]], 2), 9), [1, 4, 2, 5, 3])

    def test_lazy(self, student):
        """No item is taken before its turn. A source may never end."""
        source = endless()
        expect_lazy(student.interleave([source, [901, 902]], 2), source, (0, 1, 1, 2, 2, 3, 4))

    def test_sources_from_an_iterator(self, student):
        """The sources may come from an iterator, which has no length."""
        expect_items(some(student.interleave(Source([[1, 2], [3], [4]]), 2), 9), [1, 3, 2, 4])

    def test_any_item(self, student):
        """None, 0 or an array is an item as any other."""
        expect_items(some(student.interleave([list(ANYTHING)], 2), 9), list(ANYTHING))


@contextmanager
def prefetched(student, items, size):
    """Call prefetch, and yield its answer with a limit of two seconds for each step; close it at the end."""
    answer = student.prefetch(items, size)
    try:
        yield answer.within(2.0) if isinstance(answer, Steps) else iterator_of(answer, "what prefetch returns")
    finally:
        if isinstance(answer, Steps):
            with suppress(StudentError):
                answer.within(0.5).close()


@exercise("prefetch")
class TestPrefetch:
    def test_in_order(self, student):
        """The items come in order, and then the end."""
        with prefetched(student, Source("abcdef"), 2) as steps:
            expect_items(list(islice(steps, 8)), list("abcdef"))

    def test_ahead(self, student):
        """When one item has been asked for, a thread has soon taken three more, for a buffer of three; and four at most."""
        source = endless()
        with prefetched(student, source, 3) as steps:
            next(steps, None)
            if not isinstance(steps, Steps) or (steps.threads_end(0.0) and source.taken < 10):
                raise Mismatch("value", f"{source.taken} items were taken for one, and there is no thread that takes the next ones")
            if not steps.wait_for(source, 4, 2.0):
                raise Mismatch("value", f"only {source.taken} items have been taken when one was asked for: three more should wait")
            steps.wait_for(source, 40, 0.1)
            if source.taken > 5:
                raise Mismatch(
                    "value", f"{source.taken} items have been taken when one was asked for, with room for three: five are the most"
                )

    def test_starts_when_asked(self, student):
        """Nothing is taken before the first item is asked for."""
        source = endless()
        with prefetched(student, source, 2) as steps:
            if isinstance(steps, Steps):
                steps.wait_for(source, 1, 0.05)
            if source.taken:
                raise Mismatch("value", f"{source.taken} items were taken before any was asked for")
            next(steps, None)

    def test_error(self, student):
        """An exception of the items is raised after the items before it, and it is the same."""
        found = []
        with prefetched(student, Source("abcd", error=LookupError("no e")), 2) as steps:
            try:
                for _ in range(6):
                    found += islice(steps, 1)
            except Raised as error:
                if "LookupError" not in (error.type_name, *error.bases):
                    raise
            else:
                raise Mismatch("value", f"the LookupError of items was lost: {described(found)} came, and then the end")
        expect_items(found, list("abcd"), "what came before the error")

    def test_early_stop(self, student):
        """Where the consumer stops early, with close(), the thread ends."""
        with prefetched(student, endless(), 2) as steps:
            next(steps, None)
            if isinstance(steps, Steps):
                steps.close()
                if not steps.threads_end(2.0):
                    raise Mismatch("value", "the consumer has stopped, and the thread still waits: it has to be told, and woken")

    def test_any_item(self, student):
        """None, 0 or an array is an item as any other; there may be no item at all."""
        for items in (list(ANYTHING), []):
            with prefetched(student, items, 2) as steps:
                expect_items(list(islice(steps, 9)), items)
