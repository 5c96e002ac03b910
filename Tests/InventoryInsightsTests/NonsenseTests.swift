import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import Testing

/// Invalid queries are refused with a code and the name of the part.
@Suite struct NonsenseTests {
    private let view: ReadView
    private let now = Instant(microseconds: 1_711_846_800_000_000)

    init() { self.view = RandomLedger(seed: 5, steps: 20).state.readView() }

    private func refusal(
        _ query: InsightQuery,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> String {
        do throws(Refusal) {
            _ = try self.view.answer(query, at: self.now)
            Issue.record("\(query) was answered", sourceLocation: sourceLocation)
            return ""
        } catch {
            switch error.detail {
            case .field(let name, let problem): return "\(error.code.name): \(name) \(problem)"
            case .range(let name, let value, let lowest, let highest):
                return "\(error.code.name): \(name) \(value) not \(lowest)…\(highest)"
            case .id(let id): return "\(error.code.name): \(id)"
            default: return "\(error.code.name)"
            }
        }
    }

    private func sales(_ change: (inout InsightQuery) -> Void) -> String {
        var query = InsightQuery(source: .sales, measures: [.net])
        change(&query)
        return self.refusal(query)
    }

    @Test func `a measure is valid for its sources`() {
        #expect(
            self.refusal(InsightQuery(source: .levels, measures: [.onHand, .gross]))
                == "invalid_field: measures gross cannot be used with source levels"
        )
        for source in InsightSource.allCases {
            for measure in InsightMeasure.allCases {
                let query = InsightQuery(source: source, measures: [measure])
                let answer = try? self.view.answer(query, at: self.now)
                #expect((answer == nil) == !Self.goes(measure, source), "\(measure) of \(source)")
            }
        }
    }

    private static func goes(_ measure: InsightMeasure, _ source: InsightSource) -> Bool {
        switch measure.rawValue {
        case 1...11: source == .sales
        case 12: [.sales, .movements, .refusals].contains(source)
        case 13, 14: source == .movements
        case 15...21: [.levels, .products].contains(source)
        case 22: true
        default: source == .refusals
        }
    }

    @Test func `a dimension is valid for its sources`() {
        let stock = InsightQuery(source: .levels, groups: [[.day]], measures: [.onHand])
        #expect(
            self.refusal(stock) == "invalid_field: groups day cannot be used with source levels"
        )
        let place = InsightQuery(source: .products, groups: [[.location]], measures: [.onHand])
        #expect(
            self.refusal(place)
                == "invalid_field: groups location cannot be used with source products"
        )
        let reason = InsightQuery(source: .refusals, groups: [[.reason]], measures: [.asked])
        #expect(
            self.refusal(reason)
                == "invalid_field: groups reason cannot be used with source refusals"
        )
    }

    @Test func `a filter is valid for its sources`() {
        var query = InsightQuery(source: .levels, measures: [.onHand])
        query.filter.kinds = MovementKindSet(.sale)
        #expect(
            self.refusal(query)
                == "invalid_field: filter.kinds cannot be used with source levels"
        )
        query.filter = InsightFilter(actor: "ann")
        #expect(
            self.refusal(query)
                == "invalid_field: filter.actor cannot be used with source levels"
        )
        #expect(
            self.sales { $0.filter.kinds = MovementKindSet(.restock) }
                == "invalid_field: filter.kinds restock cannot be used with source sales"
        )
        query = InsightQuery(source: .products, measures: [.onHand])
        query.filter.locations = [.main]
        #expect(
            self.refusal(query)
                == "invalid_field: filter.locations cannot be used with source products"
        )
    }

    @Test func `stock has no window`() {
        let query = InsightQuery(source: .levels, window: .last(7, .day), measures: [.onHand])
        #expect(
            self.refusal(query)
                == "invalid_field: window cannot be used with source levels, which has no times"
        )
    }

    @Test func `a window must start before it ends`() {
        let later = self.now.advanced(bySeconds: 60)
        #expect(
            self.sales { $0.window = .between(later, self.now) }
                == "invalid_field: window ends before it begins"
        )
        #expect(
            self.sales { $0.window = .between(later, later) } == "invalid_field: window is empty"
        )
        #expect(self.sales { $0.window = .last(0, .day) } == "out_of_range: window 0 not 1…100000")
        #expect(
            self.sales { $0.window = .previous(100_001, .hour) }
                == "out_of_range: window 100001 not 1…100000"
        )
    }

    @Test(arguments: ["Mars/Olympus", "BST", "IST", "PST", "GMT+0530"])
    func `a zone must exist, and is no abbreviation of several`(zone: String) {
        #expect(
            self.sales { $0.zone = zone }
                == "invalid_field: zone '\(zone)' is not an IANA time zone such as Europe/London"
        )
    }

    @Test func `objects of a filter must exist`() {
        #expect(self.sales { $0.filter.products = [ProductID(99)] } == "product_not_found: 99")
        #expect(self.sales { $0.filter.products = [ProductID(10)] } == "product_not_found: 10")
        #expect(self.sales { $0.filter.categories = [CategoryID(9)] } == "category_not_found: 9")
        #expect(self.sales { $0.filter.locations = [LocationID(90)] } == "location_not_found: 90")
        #expect(
            self.sales { $0.filter.categories = [CategoryID(4)] }
                == "archived: filter.categories 'Category 4' (4) is archived"
        )
    }

    @Test func `each part is required, at most once`() {
        #expect(self.sales { $0.measures = [] } == "out_of_range: measures 0 not 1…16")
        #expect(self.sales { $0.groups = [] } == "out_of_range: groups 0 not 1…8")
        #expect(
            self.sales { $0.measures = [.net, .gross, .net] }
                == "invalid_field: measures net appears twice"
        )
        #expect(
            self.sales { $0.groups = [[.day, .day]] }
                == "invalid_field: groups day appears twice in one set"
        )
        #expect(
            self.sales { $0.groups = [[.day, .product], [.product, .day]] }
                == "invalid_field: groups the set (product, day) appears twice"
        )
    }

    @Test func `an order must use requested columns`() {
        #expect(
            self.sales { $0.order = [InsightOrder(.measure(.gross))] }
                == "invalid_field: order gross is not among the measures"
        )
        #expect(
            self.sales { $0.order = [InsightOrder(.dimension(.day))] }
                == "invalid_field: order day is not in groups"
        )
        #expect(
            self.sales {
                $0.order = [
                    InsightOrder(.measure(.net)), InsightOrder(.measure(.net), descending: true),
                ]
            } == "invalid_field: order net appears twice"
        )
    }

    @Test func `every part has a limit`() {
        #expect(
            self.sales { $0.limit = 10_000_001 } == "out_of_range: limit 10000001 not 0…10000000"
        )
        #expect(
            self.sales { $0.groups = [[.product, .category, .location, .day, .kind]] }
                == "out_of_range: groups 5 not 0…4"
        )
        #expect(
            self.sales { $0.filter.products = Array(repeating: ProductID(1), count: 4_097) }
                == "out_of_range: filter.products 4097 not 0…4096"
        )
        #expect(
            self.sales {
                $0.window = .between(.zero, Instant(microseconds: 400_000_000_000_000))
                $0.groups = [[.hour]]
            } == "out_of_range: hours of the window 111111 not 1…100000"
        )
        let lsn = self.view.lsn
        #expect(
            self.sales { $0.asOf = .lsn(lsn.next) }
                == "out_of_range: asOf \(lsn.next) not 0…\(lsn)"
        )
    }
}
